"""`policy` and `actions`: what is read, and what is refused in them."""

import pytest
from trigger_text import ACTIONS, only_problem, read

from config.language import Action, LocalTime, Policy
from config.references import Reference, Scaled

MATCH = "steps: [{event: x, as: a, times: 2}, {event: y, as: b}]"
DAY_US = 86_400_000_000


def policy(words: str) -> Policy:
    return read(MATCH, f"policy: {words}\n{ACTIONS}").policy


def action(words: str) -> Action:
    return read(MATCH, f"actions: [{words}]").actions[0]


def test_without_a_policy_nothing_is_held_back():
    found = read(MATCH).policy
    assert found.recipient == ("customer_id",)
    assert (found.consent, found.holdout, found.cooldown_us, found.quiet_hours, found.caps) == (None, 0.0, 0, None, ())
    assert (found.priority, found.max_age_us, found.where, found.arbitration_us) == (0, None, None, 0)


@pytest.mark.parametrize(
    ("written", "recipient"),
    [
        ("customer_id", ("customer_id",)),
        ("properties.owner", ("properties", "owner")),
        ("$b.customer_id", Reference("b", "last", ("customer_id",))),
        ("$a.first.customer_id", Reference("a", "first", ("customer_id",))),
    ],
)
def test_a_recipient_is_a_path_of_the_first_event_or_a_reference(written, recipient):
    assert policy(f"{{recipient: {written}}}").recipient == recipient


def test_every_word_of_a_policy_is_read():
    found = policy(
        "{consent: marketing, holdout: 12.5%, cooldown: 24h, priority: 50, max_age: 6h, arbitration: 1m,"
        " quiet_hours: {from: 21:00, to: 08:00, timezone: $customer.timezone, then: drop},"
        " caps: [{channel: email, max: 3, per: 7d}, {tag: promo, max: 1, per: day}],"
        " where: {$customer.country: {eq: NO}}}"
    )
    assert (found.consent, found.holdout, found.cooldown_us, found.priority) == ("marketing", 0.125, DAY_US, 50)
    assert (found.max_age_us, found.arbitration_us) == (DAY_US // 4, 60_000_000)
    quiet = found.quiet_hours
    assert (quiet.start, quiet.end, quiet.then) == (LocalTime(21, 0), LocalTime(8, 0), "drop")
    assert quiet.timezone == Reference("customer", "last", ("timezone",))
    rolling, calendar = found.caps
    assert (rolling.channel, rolling.tag, rolling.max, rolling.per_us, rolling.calendar) == (
        "email",
        None,
        3,
        7 * DAY_US,
        None,
    )
    assert (calendar.channel, calendar.tag, calendar.max, calendar.per_us, calendar.calendar) == (
        None,
        "promo",
        1,
        None,
        "day",
    )
    assert found.where.path == ("$customer", "country")


@pytest.mark.parametrize(("written", "share"), [("0%", 0.0), ("10%", 0.1), ("100%", 1.0)])
def test_a_holdout_is_a_share(written, share):
    assert policy(f"{{holdout: {written}}}").holdout == share


def test_quiet_hours_without_words_defer_in_the_default_timezone():
    quiet = policy("{quiet_hours: {from: 21:00, to: 08:00}}").quiet_hours
    assert (quiet.timezone, quiet.then) == (None, "defer")
    named = policy("{quiet_hours: {from: 21:00, to: 08:00, timezone: Europe/Oslo}}").quiet_hours
    assert named.timezone == "Europe/Oslo"


@pytest.mark.parametrize(
    ("words", "on_arrival"),
    [
        ("{recipient: customer_id, consent: marketing, holdout: 10%, max_age: 1h}", True),
        ("{cooldown: 1h}", False),
        ("{priority: 1}", False),
        ("{caps: [{channel: email, max: 1, per: 1d}]}", False),
    ],
)
def test_only_consent_holdout_and_age_can_be_decided_on_arrival(words, on_arrival):
    assert policy(words).fits_on_arrival is on_arrival


def test_an_action_is_named_by_its_channel_until_it_has_a_name():
    assert action("{channel: email, template: t}").name == "email"
    assert action("{channel: email, template: t, name: reminder}").name == "reminder"


def test_every_word_of_an_action_is_read():
    found = action("{channel: email, template: a/b-1, tag: promo, after: 1d, unless: [{event: z}]}")
    assert (found.channel, found.template, found.tag, found.after_us) == ("email", "a/b-1", "promo", DAY_US)
    assert found.unless[0].types == ("z",)


def test_action_data_holds_literals_references_and_nested_values():
    data = action(
        "{channel: email, template: t, data: {text: Hello, cost: $$5, no: null, yes: true, n: 1.5,"
        " price: $b.properties.price, sale: $b.properties.price * 0.9, list: [$a.count, {deep: $customer.name}]}}"
    ).data
    price = Reference("b", "last", ("properties", "price"))
    assert data == {
        "text": "Hello",
        "cost": "$5",
        "no": None,
        "yes": True,
        "n": 1.5,
        "price": price,
        "sale": Scaled(price, "*", 0.9),
        "list": (Reference("a", "count", ()), {"deep": Reference("customer", "last", ("name",))}),
    }


@pytest.mark.parametrize(
    ("words", "path", "value", "allowed"),
    [
        ("{recipient: product_id}", "recipient", "product_id", "customer_id"),
        ("{recipient: $a.count}", "recipient", "$a.count", "$NAME.PATH"),
        ("{recipient: $c.customer_id}", "recipient", "$c.customer_id", "$a, $b"),
        ("{consent: Marketing Mail}", "consent", "Marketing Mail", "lower-case letters"),
        ("{holdout: 10}", "holdout", 10, "0% to 100%"),
        ("{holdout: 101%}", "holdout", "101%", "0% to 100%"),
        ("{holdout: -1%}", "holdout", "-1%", "0% to 100%"),
        ("{cooldown: 24}", "cooldown", 24, "ms s m h d w"),
        ("{max_age: 0h}", "max_age", "0h", "above 0"),
        ("{priority: high}", "priority", "high", "a whole number"),
        ("{quiet_hours: {from: 25:00, to: 08:00}}", "quiet_hours.from", "25:00", "a time such as 09:00"),
        ("{quiet_hours: {from: 21, to: 08:00}}", "quiet_hours.from", 21, "a time such as 09:00"),
        ("{quiet_hours: {from: 21:00, to: 8:00}}", "quiet_hours.to", "8:00", "a time such as 09:00"),
        ("{quiet_hours: {from: 21:00, to: 08:00, timezone: Oslo}}", "quiet_hours.timezone", "Oslo", "Europe/Oslo"),
        ("{quiet_hours: {from: 21:00, to: 08:00, timezone: 5}}", "quiet_hours.timezone", 5, "Europe/Oslo"),
        ("{quiet_hours: {from: 21:00, to: 08:00, timezone: $c.type}}", "quiet_hours.timezone", "$c.type", "$a, $b"),
        ("{quiet_hours: {from: 21:00, to: 08:00, then: wait}}", "quiet_hours.then", "wait", "defer, drop"),
        ("{caps: [{channel: email, max: 0, per: 7d}]}", "caps[0].max", 0, "1 or more"),
        ("{caps: [{channel: email, max: 3, per: weeks}]}", "caps[0].per", "weeks", "day, week, month"),
        ("{caps: [{channel: email, max: 3, per: 7}]}", "caps[0].per", 7, "day, week, month"),
        ("{caps: {channel: email}}", "caps", {"channel": "email"}, "a list"),
        ("{where: {$customer.x: {eq: $c.type}}}", "where.$customer.x.eq", "$c.type", "$a, $b"),
        ("{arbitration: soon}", "arbitration", "soon", "ms s m h d w"),
    ],
)
def test_a_policy_that_cannot_be_decided_is_refused(words, path, value, allowed):
    problem = only_problem(MATCH, f"policy: {words}\n{ACTIONS}")
    assert (problem.path, problem.value, problem.line) == (f"policy.{path}", value, 5)
    assert allowed in problem.allowed


@pytest.mark.parametrize(
    ("words", "path", "message"),
    [
        ("{caps: [{max: 3, per: 7d}]}", "caps[0]", "does not say what is counted"),
        ("{caps: [{channel: email, tag: x, max: 3, per: 7d}]}", "caps[0]", "does not say what is counted"),
        ("{quiet_hours: {from: 21:00, to: 21:00}}", "quiet_hours.from", "all of the day or none"),
        ("{quiet_hours: {from: mon 21:00, to: 08:00}}", "quiet_hours.from", "one day of the week"),
        ("{quiet_hours: {from: 21:00}}", "quiet_hours.to", "is missing"),
        ("{cooldwn: 24h}", "cooldwn", "is not known here"),
        ("{cooldown: }", "cooldown", "is empty"),
    ],
)
def test_a_policy_that_says_too_little_or_too_much_is_refused(words, path, message):
    problem = only_problem(MATCH, f"policy: {words}\n{ACTIONS}")
    assert (problem.path, problem.line) == (f"policy.{path}", 5)
    assert message in problem.message


@pytest.mark.parametrize(
    ("words", "path", "message"),
    [
        ("{template: t}", "[0].channel", "is missing"),
        ("{channel: email}", "[0].template", "is missing"),
        ("{channel: E-Mail, template: t}", "[0].channel", "is not a name"),
        ("{channel: email, template: two words}", "[0].template", "is not a name"),
        ("{channel: email, template: t, data: [1]}", "[0].data", "is not a mapping"),
        ("{channel: email, template: t, data: {x: $c.type}}", "[0].data.x", "is not captured by any step"),
        (
            "{channel: email, template: t, data: {x: [{y: $b.count}]}}",
            "[0].data.x[0].y",
            "repetitions of a single event",
        ),
        ("{channel: email, template: t, data: {x: $5}}", "[0].data.x", "is not a reference"),
        ("{channel: email, template: t, unless: [{event: z}]}", "[0].unless", "has no time"),
        ("{channel: email, template: t, after: 0s, unless: [{event: z}]}", "[0].after", "is no time at all"),
        ("{channel: email, template: t, wen: 1}", "[0].wen", "is not known here"),
        ("{channel: email, template: t}, {channel: email, template: u}", "[1].channel", "already the name"),
        ("{channel: a, template: t, name: n}, {channel: b, template: u, name: n}", "[1].name", "already the name"),
        ("{channel: a, template: t, name: b}, {channel: b, template: u}", "[1].channel", "already the name"),
        ("text", "[0]", "is not a mapping"),
    ],
)
def test_an_action_that_cannot_be_sent_is_refused(words, path, message):
    problem = only_problem(MATCH, f"actions: [{words}]")
    assert (problem.path, problem.line) == (f"actions{path}", 5)
    assert message in problem.message


@pytest.mark.parametrize("rest", ["actions: []", "actions: {channel: email}"])
def test_actions_are_a_list_with_something_in_it(rest):
    assert only_problem(MATCH, rest).allowed == "a list with at least one element"
