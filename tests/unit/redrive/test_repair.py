"""Small declared repairs: what they change, and that they change nothing else."""

import pytest

from flows.redrive.repair import Irreparable, Repair, read_drop, read_function, read_set


def repaired(message, *changes):
    return Repair(changes=changes)(message)


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ("b=2", b'{"a":{"x":1},"b":2}'),
        ("b=two", b'{"a":{"x":1},"b":"two"}'),
        ('b="2"', b'{"a":{"x":1},"b":"2"}'),
        ("b=", b'{"a":{"x":1},"b":""}'),
        ("b=null", b'{"a":{"x":1},"b":null}'),
        ('b={"c": [1]}', b'{"a":{"x":1},"b":{"c": [1]}}'),
        ("a.x=2", b'{"a":{"x":2}}'),
        ("a.y.z=2", b'{"a":{"x":1,"y":{"z":2}}}'),
        ("a=b=c", b'{"a":"b=c"}'),
    ],
)
def test_a_value_is_set_where_its_path_says(change, result):
    assert repaired(b'{"a":{"x":1}}', read_set(change)) == result


@pytest.mark.parametrize(
    ("path", "result"), [("a", b'{"b":2}'), ("a.x", b'{"a":{},"b":2}'), ("c", None), ("a.y", None), ("c.d", None)]
)
def test_what_is_dropped_is_gone_and_what_is_not_there_is_left(path, result):
    message = b'{"a":{"x":1},"b":2}'
    assert repaired(message, read_drop(path)) == (result or message)


def test_what_is_not_touched_keeps_its_text():
    message = b'{"a":12345678901234567890.10,"b":{"c":1e999,"d":[ 1 ]},"e":"\\u0041"}'
    assert repaired(message, read_set("f=1")) == message[:-1] + b',"f":1}'


def test_changes_are_made_in_their_order():
    assert repaired(b"{}", read_set("a.b=1"), read_drop("a"), read_set("a=2")) == b'{"a":2}'


@pytest.mark.parametrize(
    ("message", "change", "why"),
    [
        (b"{", read_set("a=1"), "the message is no JSON object, so a cannot be changed"),
        (b"[]", read_drop("a"), "the message is no JSON object, so a cannot be changed"),
        (b'{"a":7}', read_set("a.b.c=1"), "a is no JSON object, so a.b.c cannot be changed"),
        (b"[" * 100_000, read_set("a=1"), "the message is no JSON object, so a cannot be changed"),
    ],
)
def test_what_is_no_object_is_irreparable_by_a_path(message, change, why):
    with pytest.raises(Irreparable) as raised:
        repaired(message, change)
    assert str(raised.value) == why


def test_a_function_comes_before_the_changes_and_may_leave_a_message():
    repair = Repair(lambda message: None if message == b"no" else b"{}", (read_set("a=1"),))
    assert repair(b"not json") == b'{"a":1}'
    assert repair(b"no") is None


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda message: message.decode(), "the repair gave str; allowed: bytes, or None to leave it"),
        (lambda message: {}["x"], "the repair raised KeyError: 'x'"),
    ],
)
def test_a_function_that_fails_is_said_of_the_message(function, why):
    with pytest.raises(Irreparable) as raised:
        Repair(function)(b"{}")
    assert str(raised.value) == why


def test_a_function_is_named_by_its_module():
    assert read_function("base64:b64decode")(b"e30=") == b"{}"
