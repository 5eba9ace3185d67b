"""YAML 1.2, by its core schema, with the place of everything."""

import pytest

from config.documents import Position, core_value, parse_document, read_document
from config.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("21:00", "21:00"),
        ("2026-01-05", "2026-01-05"),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
        ("10%", "10%"),
        ("-2d", "-2d"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("5", 5),
        ("-5", -5),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1" * 401, "1" * 401),
    ],
)
def test_a_plain_value_is_what_yaml_1_2_says(text, value):
    assert core_value(text) == value
    found = parse_document(f"key: {text}", "x.yaml").data["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("quoted", ['"5"', "'true'", "|\n  null", "!!str 5"])
def test_a_quoted_value_is_text(quoted):
    assert isinstance(parse_document(f"key: {quoted}", "x.yaml").data["key"], str)


def test_lists_mappings_and_aliases_are_read():
    document = parse_document("a: &it [1, {b: 2}]\nc: *it\n", "x.yaml")
    assert document.data == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_everything_has_its_place():
    source = parse_document("a:\n  - b: 1\n    c: 2\n  -   d\n", "x.yaml").source
    assert source.position(("a",)) == Position(1, 1)
    assert source.position(("a", 0, "c")) == Position(3, 5)
    assert source.position(("a", 1)) == Position(4, 7)
    assert source.position(("a", 0, "missing", "deep")) == Position(2, 5)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "is written twice, first in line 1"),
        ("a: {b: 1, b: 2}", 1, "is written twice, first in line 1"),
        ("a: [1,\nb: 2", 2, "is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "is not YAML"),
        ("a: *missing", 1, "is not YAML"),
        ("a: &a [*a]", 1, "contains itself"),
        ("a: !python/object 5", 1, "has the tag"),
        ("b: &b {x: 1}\na: {<<: *b}", 2, "has a key that is no name"),
        ("? [a, b]\n: 1", 1, "has a key that is no name"),
        ("a: 1e999", 1, "is too large a number"),
        ("", None, "is empty"),
        ("# only a comment", None, "is empty"),
        ("[1, 2]", 1, "is not a mapping"),
        ("text", 1, "is not a mapping"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_line(text, line, message):
    with pytest.raises(ConfigError) as refusal:
        parse_document(text, "x.yaml")
    (problem,) = refusal.value.problems
    assert (problem.file, problem.line) == ("x.yaml", line)
    assert message in problem.message


def test_all_repeated_keys_of_a_file_are_said():
    with pytest.raises(ConfigError) as refusal:
        parse_document("a: 1\na: 2\nb: {c: 1, c: 2}\n", "x.yaml")
    assert [(problem.line, problem.path) for problem in refusal.value.problems] == [(2, "a"), (3, "b.c")]


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe6")
    for path, message in ((tmp_path / "none.yaml", "cannot be read"), (tmp_path / "latin.yaml", "is not UTF-8 text")):
        with pytest.raises(ConfigError, match=message):
            read_document(path)
