"""The headers of a Kafka message as they can be read."""

from __future__ import annotations

from typing import cast

from confluent_kafka import Message

from operators.records import Headers


def headers_of(message: Message) -> Headers:
    """Those of a message, in order; none where one has a name that is not UTF-8, for then none can be read.

    To be asked once a message: after such a name confluent-kafka hands out a broken list when asked again.
    """
    try:
        return cast(Headers, message.headers() or ())
    except (SystemError, UnicodeDecodeError):
        return ()
