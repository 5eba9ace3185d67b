"""`config/events/*.yaml`: what an event of a type must carry."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.events import load_event_schemas

SHIPPED = Path(__file__).parents[3] / "config" / "events"

ALL_TYPES = """
event: everything
properties:
  text: {type: string}
  number: {type: number, minimum: 0, maximum: 10.5}
  whole: {type: integer, minimum: -5}
  flag: {type: boolean}
  thing: {type: object}
  things: {type: array}
  size: {type: string, enum: [S, M]}
  rank: {type: integer, enum: [1, 2]}
  must: {type: string, required: true}
"""


@pytest.fixture
def everything(tmp_path):
    (tmp_path / "everything.yaml").write_text(ALL_TYPES, encoding="utf-8")
    return load_event_schemas(tmp_path)["everything"]


def test_the_shipped_types_may_be_about_no_customer():
    schemas = load_event_schemas(SHIPPED)
    assert {name: schemas[name].customer_id_required for name in ("price_changed", "stock_changed")} == {
        "price_changed": False,
        "stock_changed": False,
    }
    assert schemas["price_changed"].validate_json(b'{"product_id": "p-1", "price": 18.99}') is None
    missing = schemas["price_changed"].validate_json(b'{"price": 18.99}')
    assert missing == "properties.product_id: is missing; allowed: a string"


def test_a_customer_is_required_unless_the_type_says_otherwise(everything):
    assert everything.customer_id_required


@pytest.mark.parametrize(
    "properties",
    [
        '"text": "x"',
        '"text": null',
        '"number": 0',
        '"number": 10.5',
        '"number": "10.5"',
        '"number": " 1e1 "',
        '"whole": -5',
        '"whole": 3.0',
        '"whole": "3"',
        '"flag": false',
        '"thing": {"a": [1]}',
        '"things": [1, "a"]',
        '"size": "S"',
        '"rank": 2',
        '"unknown": [1, 2]',
    ],
)
def test_what_fits_is_accepted(everything, properties):
    assert everything.validate_json(f'{{"must": "m", {properties}}}'.encode()) is None


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ('"text": 5', "properties.text: 5 does not fit; allowed: a string"),
        ('"number": -0.1', "properties.number: -0.1 does not fit; allowed: a number, at least 0, at most 10.5"),
        ('"number": 10.6', "properties.number: 10.6 does not fit; allowed: a number, at least 0, at most 10.5"),
        ('"number": "11"', 'properties.number: "11" does not fit; allowed: a number, at least 0, at most 10.5'),
        ('"number": "18,99"', 'properties.number: "18,99" does not fit; allowed: a number, at least 0, at most 10.5'),
        ('"number": true', "properties.number: true does not fit; allowed: a number, at least 0, at most 10.5"),
        ('"number": NaN', "properties.number: NaN does not fit; allowed: a number, at least 0, at most 10.5"),
        ('"whole": 3.5', "properties.whole: 3.5 does not fit; allowed: an integer, at least -5"),
        ('"whole": "3.5"', 'properties.whole: "3.5" does not fit; allowed: an integer, at least -5'),
        ('"whole": -6', "properties.whole: -6 does not fit; allowed: an integer, at least -5"),
        ('"flag": 1', "properties.flag: 1 does not fit; allowed: a boolean"),
        ('"flag": "true"', 'properties.flag: "true" does not fit; allowed: a boolean'),
        ('"thing": [1]', "properties.thing: [1] does not fit; allowed: an object"),
        ('"things": {}', "properties.things: {} does not fit; allowed: an array"),
        ('"size": "XL"', 'properties.size: "XL" does not fit; allowed: "S", "M"'),
        ('"rank": 3', "properties.rank: 3 does not fit; allowed: 1, 2"),
        ('"must": null', "properties.must: null does not fit; allowed: a string"),
    ],
)
def test_what_does_not_fit_is_named_with_its_value_and_what_is_allowed(everything, properties, reason):
    assert everything.validate_json(f'{{"must": "m", {properties}}}'.encode()) == reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[1]", "properties: [1] is not an object; allowed: an object"),
        (b"null", "properties: null is not an object; allowed: an object"),
        (b"{", "properties: is not JSON; allowed: an object"),
        (b"", "properties: is not JSON; allowed: an object"),
        (b'{"must": "\xff"}', "properties: is not JSON; allowed: an object"),
        (b"[" * 10_000, "properties: is not JSON; allowed: an object"),
    ],
)
def test_what_is_no_object_is_named(everything, raw, reason):
    assert everything.validate_json(raw) == reason


def test_texts_that_should_be_numbers_become_so(everything):
    properties = {"number": "18.99", "whole": "3", "text": "5", "must": "m"}
    assert everything.coerce(properties) == {"number": 18.99, "whole": 3, "text": "5", "must": "m"}
    assert properties["number"] == "18.99"
    untouched = {"number": 1, "whole": "none"}
    assert everything.coerce(untouched) is untouched


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("properties: {x: {type: money}}", "properties.x.type", "is not one of the words here"),
        ("properties: {x: {required: true}}", "properties.x.type", "is missing"),
        ("properties: {x: {type: string, minimum: 1}}", "properties.x.minimum", "bounds a string"),
        ("properties: {x: {type: number, minimum: 2, maximum: 1}}", "properties.x.maximum", "is less than minimum, 2"),
        ("properties: {x: {type: number, minimum: low}}", "properties.x.minimum", "is not a number"),
        ("properties: {x: {type: string, enum: [a, 5]}}", "properties.x.enum[1]", "is not a string"),
        ("properties: {x: {type: integer, enum: [true]}}", "properties.x.enum[0]", "is not an integer"),
        ("properties: {x: {type: string, enum: []}}", "properties.x.enum", "is an empty list"),
        ("properties: {x: {type: string, requierd: true}}", "properties.x.requierd", "is not known here"),
        ("customer_id: maybe", "customer_id", "is not one of the words here"),
    ],
)
def test_a_schema_that_nothing_could_meet_is_refused(tmp_path, line, path, message):
    (tmp_path / "x.yaml").write_text(f"event: x\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_event_schemas(tmp_path)
    assert {(problem.line, problem.path) for problem in refusal.value.problems} == {(2, path)}
    assert all(message in problem.message for problem in refusal.value.problems)


def test_a_type_has_one_schema(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("event: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="already has a schema in this folder"):
        load_event_schemas(tmp_path)
