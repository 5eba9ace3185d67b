"""Every form a step may be written in, and what the compiler gets from it."""

import pytest
from trigger_text import read_match, read_step

from config.language import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    Bound,
    Comparison,
    EventMember,
    EventStep,
    Having,
    IdleStep,
    LocalTime,
    Matcher,
    Times,
    WaitStep,
)
from config.references import Reference

HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("written", "types"),
    [
        ("cart_add", ("cart_add",)),
        ("[cart_add, purchase]", ("cart_add", "purchase")),
        ('"*"', ("*",)),
        ("com.example/cart:add-1", ("com.example/cart:add-1",)),
        ("OrderPlaced", ("OrderPlaced",)),
    ],
)
def test_an_event_step_names_one_type_or_several_or_any(written, types):
    assert read_step(f"{{event: {written}}}").types == types


def test_an_event_step_has_its_matcher():
    step = read_step("{event: x, as: it, where: {properties.n: {gt: 1}}, key: properties.owner, within: 1h}")
    assert isinstance(step, EventStep)
    where = Comparison(("properties", "n"), "gt", 1)
    assert step.matcher == Matcher.model_construct(types=("x",), where=where, key=(("properties", "owner"),))
    assert (step.name, step.within_us, step.contiguity, step.optional, step.greedy) == (
        "it",
        HOUR_US,
        "relaxed",
        False,
        False,
    )


@pytest.mark.parametrize("contiguity", ["relaxed", "strict", "each"])
def test_contiguity_is_one_of_three(contiguity):
    assert read_step(f"{{event: x, contiguity: {contiguity}}}").contiguity == contiguity


@pytest.mark.parametrize(
    ("written", "times"),
    [
        ("3", (3, 3, None, "relaxed")),
        ("1", (1, 1, None, "relaxed")),
        ("{min: 2}", (2, None, None, "relaxed")),
        ("{max: 5}", (1, 5, None, "relaxed")),
        ("{min: 2, max: 5, within: 1h, contiguity: strict}", (2, 5, HOUR_US, "strict")),
        ("{within: 1h}", (1, None, HOUR_US, "relaxed")),
    ],
)
def test_times_is_a_number_or_a_quantifier_with_its_own_span(written, times):
    found = read_step(f"{{event: x, times: {written}}}").times
    assert isinstance(found, Times)
    assert (found.min, found.max, found.within_us, found.contiguity) == times


def test_within_beside_times_on_the_first_event_step_is_the_span_of_the_repetition():
    (step,) = read_match("steps: [{event: x, times: 3, within: 1h}]").steps
    assert (step.within_us, step.times.within_us, step.times.min, step.times.max) == (None, HOUR_US, 3, 3)


def test_a_leading_absence_leaves_the_short_form_to_the_first_event_step():
    _, step = read_match("steps: [{absent: y, within: 1h}, {event: x, times: 3, within: 1h}]").steps
    assert (step.within_us, step.times.within_us) == (None, HOUR_US)


def test_within_beside_times_on_a_later_step_stays_the_steps_own():
    step = read_step("{event: x, times: {min: 3, within: 2h}, within: 1h}")
    assert (step.within_us, step.times.within_us) == (HOUR_US, 2 * HOUR_US)


def test_a_repetition_may_be_greedy_optional_and_end_at_an_event():
    step = read_step("{event: x, times: {min: 2}, greedy: true, optional: true, until: {event: y, key: session_id}}")
    assert (step.greedy, step.optional) == (True, True)
    assert step.until == Matcher.model_validate({"event": "y", "key": "session_id"})


@pytest.mark.parametrize("aggregate", ["count", "sum", "min", "max", "avg", "distinct"])
def test_having_is_an_aggregate_with_its_bounds(aggregate):
    step = read_step(
        f"{{event: x, times: {{min: 1}}, having: {{{aggregate}: properties.total, gte: 500, lt: $a.properties.n}}}}"
    )
    bounds = (Bound("gte", 500), Bound("lt", Reference("a", "last", ("properties", "n"))))
    assert step.having == Having(aggregate, ("properties", "total"), bounds)


def test_an_absence_is_timed_or_between_two_events():
    timed = read_step("{absent: [x, y], within: 1h, where: {properties.n: {eq: 1}}}")
    between = read_step("{absent: x}")
    assert isinstance(timed, AbsentStep)
    assert (timed.types, timed.within_us, timed.matcher.where.operator) == (("x", "y"), HOUR_US, "eq")
    assert (between.types, between.within_us) == (("x",), None)


def test_a_matcher_may_keep_the_key_elsewhere_for_some_of_its_types():
    match = read_match("""
        key: [customer_id, properties.product_id]
        steps:
          - {event: view}
          - absent: [cart_add, purchase]
            within: 2h
            key: {purchase: [customer_id, properties.products.product_id]}
    """)
    matcher = match.steps[1].matcher
    assert matcher.key_of("purchase") == (("customer_id",), ("properties", "products", "product_id"))
    assert matcher.key_of("cart_add") is None


@pytest.mark.parametrize(
    ("written", "for_us", "of"),
    [
        ("1h", HOUR_US, None),
        ("{for: 1h}", HOUR_US, None),
        ("{for: 1h, of: x}", HOUR_US, ("x",)),
        ("{for: 1h, of: [x, y]}", HOUR_US, ("x", "y")),
        ('{for: 1h, of: "*"}', HOUR_US, None),
    ],
)
def test_idle_is_a_silence_of_any_or_of_some_types(written, for_us, of):
    step = read_step(f"{{idle: {written}}}")
    assert isinstance(step, IdleStep)
    assert (step.for_us, step.of) == (for_us, of)


def test_a_wait_is_a_time_or_what_an_event_says():
    timed, told = read_step("{wait: 1h}"), read_step("{wait: $a.properties.delay}")
    assert isinstance(timed, WaitStep)
    assert (timed.for_us, timed.reference) == (HOUR_US, None)
    assert (told.for_us, told.reference) == (None, Reference("a", "last", ("properties", "delay")))


def test_at_is_a_time_that_an_event_carries_with_an_offset():
    step = read_step("{at: $a.properties.ends_at, offset: -2h}")
    assert isinstance(step, AtStep)
    assert (step.reference, step.local_time) == (Reference("a", "last", ("properties", "ends_at")), None)
    assert step.offset_us == -2 * HOUR_US


@pytest.mark.parametrize(
    ("written", "time", "minute_of_day"),
    [
        ("09:00", LocalTime(9, 0), 540),
        ("mon 09:00", LocalTime(9, 0, 0), 540),
        ("sun 23:59", LocalTime(23, 59, 6), 1439),
        ("00:00", LocalTime(0, 0), 0),
    ],
)
def test_at_is_a_time_of_the_customers_day_or_week(written, time, minute_of_day):
    step = read_step(f"{{at: {written}}}")
    assert (step.reference, step.local_time, step.offset_us) == (None, time, 0)
    assert step.local_time.minute_of_day == minute_of_day


def test_all_and_any_nest_events_and_timed_absences():
    step = read_step("{all: [{event: x, as: it}, {any: [{event: y}, {absent: z, within: 1h}]}], within: 1h}")
    assert isinstance(step, AllStep)
    member, group = step.members
    assert isinstance(member, EventMember)
    assert (member.name, member.matcher.types, step.within_us) == ("it", ("x",), HOUR_US)
    assert isinstance(group, AnyStep)
    assert [type(each) for each in group.members] == [EventMember, AbsentStep]


def test_a_match_without_words_has_the_defaults():
    match = read_match("steps: [{event: x}]")
    assert match.key == (("customer_id",),)
    assert (match.per, match.within_us, match.exit, match.on_repeat, match.on_expire) == (
        None,
        None,
        (),
        "restart",
        None,
    )
    assert (match.after_match, match.fires.kind, match.fires.period_us) == (None, "always", None)
    assert match.is_single_event


@pytest.mark.parametrize("steps", ["{event: x, times: 2}", "{event: x}, {event: y}", "{any: [{event: x}]}"])
def test_only_one_event_alone_fires_on_arrival(steps):
    assert not read_match(f"steps: [{steps}]").is_single_event


@pytest.mark.parametrize(
    ("on_repeat", "default"), [("restart", "skip_past_last"), ("ignore", "skip_past_last"), ("overlap", "keep")]
)
def test_what_a_completed_match_does_to_others_follows_on_repeat(on_repeat, default):
    match = read_match(f"{{on_repeat: {on_repeat}, steps: [{{event: x}}]}}")
    assert match.after_match is None
    assert match.effective_after_match.kind == default


@pytest.mark.parametrize(
    ("written", "kind", "name"),
    [
        ("keep", "keep", None),
        ("skip_past_last", "skip_past_last", None),
        ("skip_to_next", "skip_to_next", None),
        ("{skip_to_first: a}", "skip_to_first", "a"),
        ("{skip_to_last: a}", "skip_to_last", "a"),
    ],
)
def test_after_match_is_a_word_or_a_word_with_a_name(written, kind, name):
    match = read_match(f"{{after_match: {written}, steps: [{{event: x, as: a}}]}}")
    assert (match.after_match.kind, match.after_match.name) == (kind, name)
    assert match.effective_after_match is match.after_match


@pytest.mark.parametrize(
    ("written", "kind", "period_us"),
    [("always", "always", None), ("once", "once", None), ("{once_per: 365d}", "once_per", 365 * 24 * HOUR_US)],
)
def test_fires_is_always_once_or_once_per_span(written, kind, period_us):
    fires = read_match(f"{{fires: {written}, steps: [{{event: x}}]}}").fires
    assert (fires.kind, fires.period_us) == (kind, period_us)


def test_the_whole_match_has_key_per_span_exit_and_expiry():
    match = read_match("""
        key: properties.product_id
        per: customer_id
        within: 1h
        steps: [{event: x}, {event: y}]
        exit: [{event: z, where: {properties.n: {eq: 1}}}]
        on_expire: {actions: [{channel: push, template: t}]}
    """)
    assert (match.key, match.per) == ((("properties", "product_id"),), ("customer_id",))
    assert (match.within_us, match.exit[0].types, match.on_expire.actions[0].name) == (HOUR_US, ("z",), "push")
