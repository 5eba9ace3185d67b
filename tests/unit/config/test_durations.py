"""Durations are text with a unit, and whole microseconds inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.durations import LONGEST_US, format_us, parse_duration, parse_offset, parse_span
from config.errors import Refused


@pytest.mark.parametrize(
    ("text", "duration_us"),
    [
        ("0s", 0),
        ("500ms", 500_000),
        ("30s", 30_000_000),
        ("30m", 1_800_000_000),
        ("24h", 86_400_000_000),
        ("7d", 604_800_000_000),
        ("2w", 1_209_600_000_000),
        ("1.5h", 5_400_000_000),
        ("0.001ms", 1),
        ("36500d", LONGEST_US),
    ],
)
def test_a_number_and_a_unit_are_microseconds(text, duration_us):
    assert parse_duration(text) == duration_us


@pytest.mark.parametrize("number", [30, 30.5, 0])
def test_a_bare_number_is_refused_with_what_it_could_have_been(number):
    with pytest.raises(Refused, match="has no unit") as refusal:
        parse_duration(number)
    assert refusal.value.hint == f"say {number}s, {number}m, {number}h or {number}d"
    assert "ms s m h d w" in refusal.value.allowed


@pytest.mark.parametrize(
    "text", ["", "30", "m", "30M", "30 m", "1h30m", "-30m", "+30m", "½h", "٣m", "30us", None, True, []]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(Refused, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("30 minutes", "did you mean 30m?"),
        ("24 Hours", "did you mean 24h?"),
        ("5 days", "did you mean 5d?"),
        ("2 weeks", "did you mean 2w?"),
        ("10 secs", "did you mean 10s?"),
        ("5 millis", "did you mean 5ms?"),
        ("3 months", None),
        ("5 years", None),
    ],
)
def test_a_unit_in_words_is_refused_with_the_short_one(text, hint):
    with pytest.raises(Refused) as refusal:
        parse_duration(text)
    assert refusal.value.hint == hint


@pytest.mark.parametrize(("text", "message"), [("0.0001ms", "finer than a microsecond"), ("36501d", "too long")])
def test_a_duration_outside_what_time_can_hold_is_refused(text, message):
    with pytest.raises(Refused, match=message):
        parse_duration(text)


def test_a_span_is_longer_than_nothing():
    assert parse_span("1ms") == 1_000
    with pytest.raises(Refused, match="is no time at all"):
        parse_span("0m")


@pytest.mark.parametrize(
    ("text", "offset_us"), [("-2d", -172_800_000_000), ("+1h", 3_600_000_000), ("1h", 3_600_000_000)]
)
def test_an_offset_may_point_back(text, offset_us):
    assert parse_offset(text) == offset_us


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (0, "0s"),
        (1, "0.001ms"),
        (1_500, "1.5ms"),
        (500_000, "500ms"),
        (90_000_000, "90s"),
        (1_800_000_000, "30m"),
        (86_400_000_000, "1d"),
        (604_800_000_000, "7d"),
        (-172_800_000_000, "-2d"),
    ],
)
def test_microseconds_are_written_in_the_largest_exact_unit(duration_us, text):
    assert format_us(duration_us) == text


@given(st.integers(min_value=0, max_value=LONGEST_US))
def test_what_is_written_is_read_back(duration_us):
    assert parse_duration(format_us(duration_us)) == duration_us
