"""JSON that ClickHouse cannot hold, made into JSON that it can."""

import json

import pytest

from sinks.clickhouse.json_text import acceptable
from sinks.json_bytes import json_bytes


def test_of_a_key_given_twice_the_last_counts() -> None:
    assert json.loads(acceptable('{"a": 1, "a": 2}')) == {"a": 2}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1e400}',
        '{"a": "\\ud800"}',
        '{"a": {"b": 1}, "a.b": 2}',
        '{"a.b": 2, "a": {"b": 1}}',
        '{"list": [{"a": {"b": 1}, "a.b": 2}]}',
        "[1]",
    ],
)
def test_what_cannot_be_stored_is_kept_as_its_text(text: str) -> None:
    assert json.loads(acceptable(text)) == {"_text": text}


@pytest.mark.parametrize(
    "text",
    ["{}", '{"a":{"b":1},"c.b":2}', '{"a":[1,"x",null]}', '{"a":[{"b":1},{"b":2}]}', '{"a":123456789012345678901234}'],
)
def test_what_can_be_stored_stays(text: str) -> None:
    assert json.loads(acceptable(text)) == json.loads(text)


def test_any_value_a_json_reader_gave_can_be_written() -> None:
    value = {"big": 10**30, "half": "\ud800", "name": "Zoë"}
    assert json.loads(json_bytes(value)) == value
    assert json_bytes({"name": "Zoë"}) == '{"name":"Zoë"}'.encode()
