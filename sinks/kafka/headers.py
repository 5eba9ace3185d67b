"""The headers of a Kafka message as they can be read."""

from __future__ import annotations

from operator import methodcaller
from typing import Final, cast

from confluent_kafka import Message

from operators.records import Headers

# Written as `message.headers()`, Python's specialised call overlooks the exception that is described below, and it
# comes up in whatever is called next.
_headers: Final = methodcaller("headers")


def headers_of(message: Message) -> Headers:
    """Those of a message, in order; none where one has a name that is not UTF-8, for then none can be read.

    confluent-kafka gives a broken list there, with an exception set beside it; and only the list when asked again. So
    this is to be asked once a message.
    """
    try:
        return cast(Headers, _headers(message) or ())
    except (SystemError, UnicodeDecodeError):
        return ()
