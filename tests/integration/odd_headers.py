"""A message with a header name that is not UTF-8: other clients send such, confluent-kafka's own producer cannot."""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka
import pytest

# librdkafka's rd_kafka_vtype_t and rd_kafka_type_t
_END, _TOPIC, _VALUE, _KEY, _COPY, _HEADERS = 0, 1, 4, 5, 7, 10
_PRODUCER = 0
_COPY_FLAG = 0x2
_TIMEOUT_MS = 10_000


def produce_with_header(bootstrap_servers: str, topic: str, name: bytes, value: bytes) -> None:
    """Returns when it is confirmed; skips the test where librdkafka is not beside the wheel."""
    found = sorted(Path(confluent_kafka.__file__).parents[1].glob("confluent_kafka.libs/librdkafka-*"))
    if not found:
        pytest.skip("confluent-kafka brings no librdkafka of its own here")
    library = ctypes.CDLL(str(found[0]))
    pointer = ctypes.c_void_p
    for function in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
        getattr(library, function).restype = pointer
    error = ctypes.create_string_buffer(512)
    configuration = pointer(library.rd_kafka_conf_new())
    servers = bootstrap_servers.encode()
    assert library.rd_kafka_conf_set(configuration, b"bootstrap.servers", servers, error, 512) == 0, error.value
    producer = pointer(library.rd_kafka_new(_PRODUCER, configuration, error, 512))
    assert producer.value, error.value
    headers = pointer(library.rd_kafka_headers_new(ctypes.c_size_t(1)))
    library.rd_kafka_header_add(headers, name, ctypes.c_ssize_t(len(name)), b"x", ctypes.c_ssize_t(1))
    size, whole = ctypes.c_size_t, ctypes.c_int
    refused = library.rd_kafka_producev(
        producer,
        *(whole(_TOPIC), topic.encode(), whole(_VALUE), value, size(len(value)), whole(_KEY), b"k", size(1)),
        *(whole(_HEADERS), headers, whole(_COPY), whole(_COPY_FLAG), whole(_END)),
    )
    assert refused == 0
    assert library.rd_kafka_flush(producer, _TIMEOUT_MS) == 0
    library.rd_kafka_destroy(producer)
