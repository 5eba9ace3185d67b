"""A file of events that is damaged, and a topic that takes nothing: both are said."""

import gzip
from pathlib import Path

import pytest
import zstandard

from flows.event_files import EventFile, UnreadableFileError
from flows.produce.delivery import Delivery, NotDelivered

LINES = b"".join(b'{"event_id":"%d"}\n' % number for number in range(50_000))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jsonl.gz", gzip.compress(LINES)[:-500]),
        ("plain.jsonl.gz", LINES),
        ("garbled.jsonl.gz", gzip.compress(LINES)[:100] + b"\x00" * 100),
        ("plain.jsonl.zst", LINES),
        ("garbled.jsonl.zst", zstandard.compress(LINES)[:50] + b"\xff" * 50),
    ],
)
def test_a_damaged_file_is_not_read_as_a_short_one(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="cut short or damaged: "):
        list(EventFile(path).texts())


def test_what_is_no_parquet_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(LINES)
    with pytest.raises(UnreadableFileError, match="not a Parquet file that can be read: "):
        list(EventFile(path).texts())


def test_an_option_that_librdkafka_does_not_know_is_not_delivered_to() -> None:
    with pytest.raises(NotDelivered, match=r"the Kafka configuration is refused: .*no\.such\.option"):
        Delivery({"bootstrap.servers": "127.0.0.1:1", "no.such.option": "1"}, "events")


def test_frames_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.zst"
    path.write_bytes(b"".join(zstandard.compress(part) for part in (LINES[:-1], LINES[-1:], b"", LINES)))
    assert [line for block in EventFile(path).blocks() for line in block] == (LINES + LINES).splitlines()
