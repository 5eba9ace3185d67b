"""What a trigger is said to do, where docs/triggers.md has no example of it: several elements together."""

import pytest

from config.loader import parse_trigger
from config.reading import reading_of

HEAD = "trigger: t\nversion: 1\n"
ACTIONS = "actions: [{channel: crm, template: t}]\n"


def reading(match: str, rest: str = ACTIONS) -> tuple[str, ...]:
    return reading_of(parse_trigger(f"{HEAD}match: {{{match}}}\n{rest}").trigger)


@pytest.mark.parametrize(
    ("match", "headline"),
    [
        (
            "steps: [{event: cart_add}, {absent: [purchase, refund], within: 90m}]",
            "fires 90 minutes after the last cart_add of a customer if no purchase or refund came in between",
        ),
        (
            'steps: [{event: "*"}, {absent: "*", within: 1d}]',
            "fires 24 hours after the last event of a customer if no event at all came in between",
        ),
        (
            "steps: [{event: a, optional: true}, {event: b}]",
            "fires for a customer once this has happened: optionally an a; then a b",
        ),
        (
            "steps: [{absent: x, within: 1d}, {absent: y, within: 2d}, {event: a}, {wait: 1h}]",
            "fires for a customer once this has happened: an a, with no x in the 24 hours before it and no y in the "
            "2 days before it; then a wait of 1 hour",
        ),
        (
            "steps: [{event: a}, {absent: x}, {absent: y}, {wait: 1h}, {event: b, within: 2h}]",
            "fires for a customer once this has happened: an a; then a wait of 1 hour; then a b, less than 2 hours "
            "after the event before, with no x in between and no y in between",
        ),
        (
            "steps: [{event: a}, {idle: 500ms}, {event: b, within: 1w}]",
            "fires for a customer once this has happened: an a; then 500 milliseconds of silence; then a b, less than "
            "7 days after the event before",
        ),
        (
            "steps: [{event: a, as: x}, {event: b, within: 1h, where: {properties.n: {gt: $x.properties.n + 5}}}]",
            "fires for a customer once this has happened: an a (called x); then a b where n is more than n of x + 5, "
            "less than 1 hour after the event before",
        ),
        (
            "key: [session_id, properties.a, properties.b], steps: [{event: x}]",
            "fires as soon as a x of a session with one a and one b arrives",
        ),
        (
            "steps: [{event: a, times: {min: 1, max: 1, within: 1h}, having: {avg: properties.n, gt: 1, lt: 5}}]",
            "fires as soon as there is an a of a customer (in less than 1 hour) with an average of n that is "
            "more than 1 and is less than 5",
        ),
    ],
)
def test_when_a_trigger_fires(match, headline):
    assert reading(match)[0] == headline


@pytest.mark.parametrize(
    ("match", "sentence"),
    [
        ("steps: [{event: a}, {event: b, within: 1h}]", "a new a starts it again"),
        ("steps: [{event: a}, {event: a, within: 1h}]", "a new a that does not take it further starts it again"),
        ("steps: [{event: a}, {any: [{event: a}]}]", "a new a that does not take it further starts it again"),
        ('steps: [{event: a}, {event: "*", within: 1h}]', "a new a that does not take it further starts it again"),
        ("steps: [{all: [{event: a}, {event: b}], within: 1h}, {wait: 1h}]", "a new beginning starts the wait again"),
        ("on_repeat: ignore, steps: [{event: a}, {wait: 1h}]", "a new a changes nothing while one is open"),
        ("steps: [{event: a, times: 2, within: 1h}]", "an event that has fired no longer counts for the next"),
        ("after_match: keep, steps: [{event: a, times: 2}]", "an event that has fired also counts for the next"),
        (
            "steps: [{event: a}, {wait: 1h}], exit: [{event: b, where: {properties.x: {exists: true}}}, {event: c}]",
            "is called off by a b where x is there or a c",
        ),
        ("after_match: {skip_to_first: n}, steps: [{event: a, as: n}, {wait: 1h}]",
         "a completed match ends the open ones that began before its first n"),
        ("key: properties.p, per: properties.q, steps: [{event: a}, {wait: 1h}]", "keeps the matches of each q apart"),
    ],
)  # fmt: skip
def test_what_becomes_of_an_open_match(match, sentence):
    assert sentence in reading(match)


@pytest.mark.parametrize("match", ["steps: [{event: a}]", "steps: [{absent: b, within: 1d}, {event: a}]"])
def test_nothing_is_said_of_open_matches_where_none_is_ever_open(match):
    assert reading(match)[1:] == ("sends t by crm",)


def test_the_policy_is_read_in_the_order_in_which_it_is_asked():
    rest = """
policy:
  priority: 5
  arbitration: 1m
  quiet_hours: {from: 22:00, to: 07:30}
  caps: [{tag: x, max: 1, per: month}]
  cooldown: 1d
  holdout: 2.5%
  where: {$customer.age: {gte: 18}}
  consent: news
  max_age: 1h
  recipient: $first.item
actions: [{channel: email, template: t, data: {a: 1, b: $first.type, c: 2}}, {channel: crm, template: u, name: v}]
"""
    assert reading("key: properties.l, steps: [{event: a, as: first}]", rest)[1:] == (
        "sends nothing that is older than 1 hour",
        "asks for the consent news",
        "is for those where the customer's age is at least 18",
        "2.5% of the recipients are held out",
        "tells a recipient at most once in 24 hours",
        "at most 1 action tagged x a month",
        "sends nothing from 22:00 to 07:30 (the default timezone): it is sent afterwards",
        "competes with the actions of the 1 minute around it",
        "has the priority 5",
        "sends t by email to the element first came by, with a, b and c",
        "sends u by crm to the element first came by, as v",
    )


def test_an_alternative_inside_others_stands_in_brackets():
    where = "{properties.a: {eq: 1}, any_of: [{properties.b: {gt: 2}}, {not: {properties.c: {in: [x, y]}}}]}"
    assert reading(f"steps: [{{event: e, where: {where}}}]")[0] == (
        'fires as soon as an e of a customer where a is 1 and (b is more than 2 or not (c is one of "x", "y")) arrives'
    )
