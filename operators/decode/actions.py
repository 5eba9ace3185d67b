"""What this engine sent, read back from its actions topic: an event ``action_sent`` of the recipient.

Its time is when the action was due (``not_before``): of event time like every other, so that a replay says the same.
It was made by a system, not by the customer, and says so.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.language.policy_checks import ACTION_SENT
from operators.decode.canonical import encode_json
from operators.decode.json_text import parse, shown
from operators.decode.messages import Undecodable
from operators.decode.times import parse_time
from operators.reasons import DeadReason
from operators.records import Record

_TEXTS: Final = ("action_id", "recipient", "trigger", "action", "template", "channel", "not_before")
_KEPT: Final = ("trigger", "version", "action", "template", "channel", "action_id", "match_id", "data")
_CONTEXT: Final = msgspec.Raw(b'{"kind":"system"}')


def decode(value: bytes) -> Record:
    """One action as a record; raises ``Undecodable``."""
    message: Any = parse(value)
    if not isinstance(message, dict):
        raise Undecodable(DeadReason.UNKNOWN_ENVELOPE, f"an action is an object; got {shown(message)}")
    for name in _TEXTS:
        text = message.get(name)
        if text is None:
            raise Undecodable(DeadReason.MISSING_FIELD, f"{name}: field required")
        if not isinstance(text, str) or not text:
            raise Undecodable(DeadReason.INVALID_FIELD, f"{name}: not a text of one or more; got {shown(text)}")
    return Record(
        event_id=message["action_id"],
        type=ACTION_SENT,
        event_time=parse_time(message["not_before"], "not_before"),
        customer_id=message["recipient"],
        properties=encode_json({name: message[name] for name in _KEPT if name in message}),
        context=_CONTEXT,
    )
