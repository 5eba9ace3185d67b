"""A dead letter as a message: its own bytes, and beside them why and whence."""

from operators.records import DeadLetter
from sinks.kafka.dead_letters import LONGEST_VALUE, dead_letter_headers


def letter(raw):
    return DeadLetter("malformed_json", "line 1", raw, None, ("events", 3), 42, 1_767_607_200_000_000)


def test_the_headers_say_why_and_where_it_came_from():
    assert dict(dead_letter_headers(letter(b"{"))) == {
        "reason": b"malformed_json",
        "message": b"line 1",
        "topic": b"events",
        "partition": b"3",
        "offset": b"42",
        "time": b"2026-01-05T10:00:00.000Z",
    }


def test_a_value_longer_than_kafka_takes_says_that_it_was_cut():
    assert "cut_from_bytes" not in dict(dead_letter_headers(letter(b"x" * LONGEST_VALUE)))
    assert dict(dead_letter_headers(letter(b"x" * 2_000_000)))["cut_from_bytes"] == b"2000000"
