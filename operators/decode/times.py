"""Event times as they were sent, to microseconds: a column of one plain form at once, anything else one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt

from operators.decode.json_text import shown
from operators.decode.messages import Undecodable
from operators.reasons import DeadReason

SentTime = datetime | str | int
"""RFC 3339 text with an offset (parsed or not), or whole milliseconds since the epoch."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_WORTH_COLUMNS: Final = 32
"""Fewer times are converted sooner one by one."""
_FORMS: Final = {len(form): form for form in (b"0000-00-00T00:00:00Z\n", b"0000-00-00T00:00:00.000Z\n")}
_ZERO: Final = ord("0")
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]

_Column = npt.NDArray[np.int64]


def event_times_us(sent: Sequence[SentTime]) -> list[int] | None:
    """All of them in microseconds since the epoch; None where any is no time."""
    if len(sent) >= _WORTH_COLUMNS:
        times_us = _of_plain_texts(sent)
        if times_us is not None:
            return times_us
    try:
        return [event_time_us(each) for each in sent]
    except msgspec.MsgspecError:
        return None


def event_time_us(sent: SentTime) -> int:
    """One in microseconds since the epoch; raises ``msgspec.MsgspecError`` for a text that is no time."""
    if isinstance(sent, int):
        return sent * 1_000
    moment = msgspec.convert(sent, _Moment) if isinstance(sent, str) else sent
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def parse_time(text: Any, field: str) -> datetime:
    """An ISO 8601 time with an offset; raises ``Undecodable``."""
    if isinstance(text, str):
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = None
        if time is not None and time.tzinfo is not None:
            return time
    raise Undecodable(
        DeadReason.INVALID_EVENT_TIME,
        f"{field}: {shown(text)} is no time; allowed: ISO 8601 with an offset, e.g. 2026-01-05T10:00:00.120Z",
    )


def _of_plain_texts(sent: Sequence[SentTime]) -> list[int] | None:
    """Of texts that are all in the same of the ``_FORMS``; None of any others, which may be times all the same."""
    try:
        # A line each: texts of other lengths cannot make up for each other.
        lines = ("\n".join(sent) + "\n").encode("ascii")  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError):
        return None
    form = _FORMS.get(len(lines) // len(sent))
    if form is None or len(lines) != len(form) * len(sent):
        return None
    characters = np.frombuffer(lines, np.uint8).reshape(len(sent), len(form)).T
    pattern = np.frombuffer(form, np.uint8)
    is_digit = pattern == _ZERO
    # What is below "0" wraps around to more than 9.
    digits = characters[is_digit] - np.uint8(_ZERO)
    if digits.max() > 9 or (characters[~is_digit] != pattern[~is_digit, None]).any():
        return None
    hour, minute, second = (10 * digits[place] + digits[place + 1] for place in (8, 10, 12))
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    days = _days(digits[:8].astype(np.int64))
    if days is None:
        return None
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    times_us = seconds * 1_000_000
    for place, unit_us in enumerate((100_000, 10_000, 1_000)[: len(digits) - 14], start=14):
        times_us += digits[place] * np.int64(unit_us)
    return cast(list[int], times_us.tolist())


def _days(digits: _Column) -> _Column | None:
    """Days since the epoch of dates of eight digits; None where any is no date."""
    dates = digits[0]
    for digit in digits[1:]:
        dates = dates * 10 + digit
    distinct, place = np.unique(dates, return_inverse=True)
    try:
        days = [date(each // 10_000, each // 100 % 100, each % 100).toordinal() for each in distinct.tolist()]
    except ValueError:
        return None
    return np.array(days, dtype=np.int64)[place] - _EPOCH_DAY
