"""What a known customer takes over beside open matches, and the policy and profiles where identity is known.

`a1` is anonymous, `c1` known; `identify` says that he was `a1`.
"""

import pytest

from tests.deciding import known, outcomes
from tests.harness import compiled, event, run, trigger

A1 = {"anonymous_id": "a1"}
BEGIN = event("x", "-3h", customer="c9")
"""Everything has been watched since."""


def anonymous(type, when, **rest):
    return event(type, when, customer="a1", context=A1, **rest)


def identify(when, **rest):
    return event("identify", when, context=A1, **rest)


def fired(text, *log, **options):
    return run(text, [BEGIN, *sorted(log, key=lambda each: each["event_time"])], at_end="flush", **options).fired


# --- what is taken over ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on_repeat", "taken"), [("restart", ["own", "b"]), ("ignore", ["his", "b"])])
def test_members_of_a_first_group_are_joined_one_by_one(on_repeat, taken):
    text = trigger(f"on_repeat: {on_repeat}\nsteps: [{{all: [{{event: a}}, {{event: b}}], within: 1h}}]")
    log = [anonymous("a", "0s", id="his"), event("a", "5m", id="own"), identify("10m"), event("b", "20m", id="b")]
    assert run(text, [BEGIN, *log]).evidence == [taken]


def test_a_first_step_that_asks_for_neighbours_keeps_those_that_came_last():
    text = trigger("steps: [{event: a, times: {min: 3, contiguity: strict}}]")
    log = [anonymous("a", "0s"), event("a", "1m"), event("a", "2m"), identify("10m"), event("a", "20m")]
    assert fired(text, *log) == [], "the identify lies between"
    quiet = trigger("steps: [{event: a, times: 3}]")
    assert fired(quiet, *log) == ["20m"]


def test_a_leading_absence_is_broken_by_what_he_did_anonymously():
    text = trigger("steps: [{absent: b, within: 1h}, {event: a}]")
    assert fired(text, anonymous("b", "0s"), identify("10m"), event("a", "30m")) == []
    assert fired(text, anonymous("b", "0s"), identify("10m"), event("a", "1h")) == []
    assert fired(text, anonymous("b", "0s"), identify("10m"), event("a", "1h+1ms")) == ["3600001ms"]


@pytest.mark.parametrize(("horizon", "found"), [("40m", []), ("80m", ["50m"])])
def test_before_what_was_kept_nobody_has_watched(horizon, found):
    """With a horizon of 40 minutes, half an hour before `a` is known; with one of 80, the whole hour it asks for."""
    text = trigger("steps: [{absent: b, within: 1h}, {event: a}, {absent: c, within: 20m}]")
    log = [anonymous("a", "30m"), identify("40m")]
    assert fired(text, *log, identity_horizon=horizon) == found


def test_a_completed_match_that_was_held_back_is_his_to_fire():
    text = trigger("""
on_repeat: overlap
after_match: skip_to_next
steps: [{event: a, as: a}, {event: b, where: {properties.n: {eq: $a.properties.n}}, within: 1h}]
""")
    log = [anonymous("a", "0s", n=1), anonymous("a", "1m", n=2), anonymous("b", "2m", n=2), identify("10m")]
    assert fired(text, *log) == ["2m"], "when the earlier one has timed out, under his own name"


# --- the policy --------------------------------------------------------------------------------------------------

ARRIVAL = trigger(
    "steps: [{event: a, where: {$customer.seen: {gte: 2}}}]", rest="policy: {consent: marketing, max_age: 1h}"
)
LOG = [
    BEGIN,
    identify("0s", consent={"marketing": True}),
    anonymous("seen", "1m"),
    event("seen", "2m"),
    anonymous("a", "3m"),
    event("customer_updated", "4m", consent={"marketing": False}),
    anonymous("seen", "4m"),
    anonymous("a", "5m"),
    event("x", "1h"),
]


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 100])
@pytest.mark.parametrize("snapshot_every", [None, 1])
def test_on_an_anonymous_event_a_single_step_trigger_is_decided_in_order(chunk_size, snapshot_every, tmp_path):
    """By the profile as of the event, whatever was received meanwhile."""
    (tmp_path / "seen.yaml").write_text("trait: seen\nevent: seen\ncount: '*'\nwithin: 1h\n")
    plan = compiled(ARRIVAL, traits=tmp_path)
    asked = {"chunk_size": chunk_size, "snapshot_every": snapshot_every, "max_out_of_orderness": "30m"}
    found = run(plan, LOG, **asked)
    assert outcomes(found) == ["3m action", "5m consent"]
    assert {each.key for each in found.decisions} == {"c1"}


CAPPED = "policy: {caps: [{channel: email, max: 1, per: 1h}], recipient: $v.customer_id}"
BOTH_HOPS = [
    trigger("steps: [{event: a, as: v}, {absent: b, within: 5m}]", rest=CAPPED, name="home"),
    trigger("key: properties.p\nsteps: [{event: a, as: v}, {event: b, within: 1h}]", rest=CAPPED, name="abroad"),
    trigger("key: properties.p\nsteps: [{event: c, as: v}]", rest=CAPPED, name="at_once"),
]


@pytest.mark.parametrize("texts", [BOTH_HOPS[:1], BOTH_HOPS])
def test_nothing_is_decided_before_what_may_still_be_found_of_anonymous_events(texts):
    log = [BEGIN]
    for minute in range(0, 60, 3):
        who = [anonymous, event][minute % 2]
        log += [who("abc"[minute % 7 % 3], f"{minute}m", p="p", id=f"e{minute}")]
    log.insert(9, identify("25m"))
    log.sort(key=lambda each: each["event_time"])
    plan = compiled(*texts)
    assert plan.decides_at_home is (len(texts) == 1)
    straight = run(plan, log, at_end="flush", max_out_of_orderness="10m", chunk_size=100)
    assert {each.reason for each in straight.decisions} == {None, "cap"}
    for size in (1, 2, 5):
        asked = {"chunk_size": size, "key_groups": size, "snapshot_every": size, "max_out_of_orderness": "10m"}
        assert run(plan, log, at_end="flush", **asked).lines() == straight.lines()


@pytest.mark.parametrize("key", ["customer_id", "properties.p"])
@pytest.mark.parametrize("chunk_size", [1, 2, 3, 100])
def test_what_fired_on_arrival_waits_for_what_anonymous_events_before_it_fire(key, chunk_size):
    text = trigger(f"key: {key}\nsteps: [{{event: c, as: v}}]", rest=CAPPED)
    log = [BEGIN, identify("0s"), event("c", "20m", p="p"), anonymous("c", "15m", p="p"), event("x", "1h")]
    found = run(text, log, max_out_of_orderness="10m", chunk_size=chunk_size)
    assert outcomes(found) == ["15m action", "20m cap"]


def test_what_is_taken_over_sees_the_known_ones_profile_as_of_the_identify():
    text = trigger("steps: [{event: a, where: {$customer.tier: {eq: gold}}}, {absent: b, within: 30m}]")
    log = [event("customer_updated", "5m", tier="gold"), anonymous("a", "0s"), identify("10m")]
    for size in (1, 2, 100):
        assert fired(text, *log, chunk_size=size) == ["30m"]
    later = [anonymous("a", "0s"), identify("10m"), event("customer_updated", "10m+1ms", tier="gold")]
    assert fired(text, *later, max_out_of_orderness="1h") == []


def test_an_action_that_waits_stays_the_anonymous_ones():
    text = trigger(
        "steps: [{event: a}, {absent: b, within: 5m}]\nexit: [{event: b}]",
        rest="actions: [{channel: email, template: x, after: 1h}]",
    )
    found = run(text, [BEGIN, anonymous("a", "0s"), identify("10m"), event("b", "20m")], at_end="flush")
    assert [each.recipient for each in found.decisions if each.outcome == "action"] == ["a1"]


def test_profiles_given_by_hand_are_asked_in_the_known_ones_name():
    text = trigger("steps: [{event: a}, {at: '09:00'}]")
    asked = known(c1={"timezone": "America/New_York"})
    (decision,) = run(text, [BEGIN, anonymous("a", "0s"), identify("10m")], at_end="flush", profiles=asked).decisions
    assert decision.key == "c1"
