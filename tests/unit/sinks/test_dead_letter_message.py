"""A dead letter as a message: its own bytes, and beside them why and whence."""

from operators.records import DeadLetter
from sinks.kafka.dead_letters import LONGEST_HEADERS, LONGEST_KEY, LONGEST_VALUE, dead_letter_headers


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


def with_headers(*headers, key=None):
    came = letter(b"{")
    came.headers, came.raw_key = headers, key
    return dead_letter_headers(came)


def test_its_own_headers_come_first_so_that_ours_count():
    found = with_headers(("ce_id", b"7"), ("reason", b"theirs"), ("nothing", None))
    assert found[:3] == [("ce_id", b"7"), ("reason", b"theirs"), ("nothing", None)]
    assert dict(found)["reason"] == b"malformed_json"


def test_headers_and_keys_that_would_not_fit_are_named():
    assert dict(with_headers(("a", b"x" * LONGEST_HEADERS)))["headers_left_out"] == b"1"
    assert "headers_left_out" not in dict(with_headers(("a", b"x" * (LONGEST_HEADERS - 1))))
    assert dict(with_headers(key=b"k" * 200_000))["key_cut_from_bytes"] == b"200000"
    assert "key_cut_from_bytes" not in dict(with_headers(key=b"k" * LONGEST_KEY))
