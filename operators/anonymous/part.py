"""Which events of a chunk are the identity step's: anonymous ones that a trigger listens to, and what identifies say.

Asked of every chunk, so the answer *none* is found by one search through the contexts together. An anonymous event
that no trigger listens to is nobody's business but the counters': it stays with its customer id's key group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from operators.anonymous.values import Link
from operators.records import Chunk, Record

IDENTIFY: Final = "identify"
_MAY_NAME: Final = re.compile(rb"anonymous_id|\\u")
"""A name may be written in escapes."""


class _Naming(msgspec.Struct):
    anonymous_id: msgspec.Raw = msgspec.Raw()


_naming = msgspec.json.Decoder(_Naming)
_text = msgspec.json.Decoder(str)


def anonymous_places(records: Sequence[Record], places: Sequence[int]) -> list[int]:
    """Those of these places where an anonymous event stands."""
    if not places or _MAY_NAME.search(b"\n".join([records[place].context for place in places])) is None:
        return []
    return [place for place in places if _is_anonymous(records[place])]


def links_of(chunk: Chunk, identifies: Iterable[int]) -> list[tuple[Link, int]]:
    """What the identifies at these places say, each with W_p at its offset; not all name an anonymous customer."""
    found: list[tuple[Link, int]] = []
    for place in identifies:
        record = chunk.records[place]
        anonymous_id = _anonymous_id(record.context) or _anonymous_id(record.properties)
        if anonymous_id is None or record.customer_id is None or record.customer_id == anonymous_id:
            continue
        time_us, watermark_us = chunk.event_times_us[place], chunk.watermarks_us[place]
        at = (max(time_us, watermark_us), chunk.origin, chunk.offsets[place], chunk.indexes[place])
        found.append(((*at, time_us, record.event_id, anonymous_id, record.customer_id), watermark_us))
    return found


def _is_anonymous(record: Record) -> bool:
    return record.customer_id is not None and record.customer_id == _anonymous_id(record.context)


def _anonymous_id(body: Any) -> str | None:
    """The ``anonymous_id`` of an object in JSON, if it is a text and not empty."""
    if _MAY_NAME.search(body) is None:
        return None
    try:
        return _text.decode(_naming.decode(body).anonymous_id) or None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
