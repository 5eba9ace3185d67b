"""`times`: a sliding count on the first step, the next n events on a later one."""

import pytest

from tests.harness import event, run, trigger


def clicks(*times):
    return [event("click", when) for when in times]


RAGE = trigger("steps: [{event: click, as: click, times: 3, within: 10s}]")


@pytest.mark.parametrize(("last", "fired"), [("10s-1ms", ["9999ms"]), ("10s", []), ("10s+1ms", [])])
def test_the_last_of_n_events_lies_less_than_the_span_after_the_first(last, fired):
    assert run(RAGE, clicks("0s", "5s", last)).fired == fired


def test_the_window_slides():
    assert run(RAGE, clicks("0s", "8s", "16s", "17s")).evidence == [["click@8s", "click@16s", "click@17s"]]


def test_a_completed_match_uses_its_events_up_by_default():
    assert run(RAGE, clicks("0s", "1s", "2s", "3s", "4s")).fired == ["2s"]
    assert run(RAGE, clicks("0s", "1s", "2s", "3s", "4s", "5s")).fired == ["2s", "5s"]


@pytest.mark.parametrize("on_repeat", ["restart", "ignore", "overlap"])
def test_with_keep_each_further_event_completes_the_newest_n(on_repeat):
    text = trigger(f"""
on_repeat: {on_repeat}
after_match: keep
steps: [{{event: click, times: 3, within: 10s}}]
""")
    found = run(text, clicks("0s", "1s", "2s", "3s"))
    assert found.evidence == [["click@0s", "click@1s", "click@2s"], ["click@1s", "click@2s", "click@3s"]]


@pytest.mark.parametrize(
    ("on_repeat", "evidence"),
    [
        ("restart", [["click@2s", "click@3s"]]),
        ("ignore", [["click@0s", "click@1s"]]),
        ("overlap", [["click@0s", "click@1s"], ["click@1s", "click@2s"], ["click@2s", "click@3s"]]),
    ],
)
def test_restart_keeps_the_newest_n_and_ignore_the_oldest_n(on_repeat, evidence):
    text = trigger(f"""
on_repeat: {on_repeat}
steps:
  - {{event: click, times: 2, within: 10s}}
  - {{absent: calm, within: 1m}}
""")
    assert run(text, clicks("0s", "1s", "2s", "3s"), at_end="flush").evidence == evidence


def test_a_match_that_has_not_begun_leaves_the_open_one_alone():
    text = trigger("steps: [{event: click, times: 2, within: 10s}, {absent: calm, within: 1m}]")
    found = run(text, clicks("0s", "1s", "30s"), at_end="flush")
    assert found.evidence == [["click@0s", "click@1s"]]


def test_a_count_without_a_span_waits_for_ever():
    text = trigger("steps: [{event: click, times: 2}]")
    assert run(text, clicks("0s", "365d")).fired == ["365d"]


def test_the_span_may_stand_inside_times():
    text = trigger("steps: [{event: click, times: {min: 2, max: 2, within: 10s}}]")
    assert run(text, clicks("0s", "10s")).fired == []
    assert run(text, clicks("0s", "10s-1ms")).fired == ["9999ms"]


def test_within_of_the_match_bounds_a_first_step_that_repeats():
    text = trigger("within: 5s\nsteps: [{event: click, times: {min: 2, max: 2, within: 10s}}]")
    assert run(text, clicks("0s", "5s")).fired == []
    assert run(text, clicks("0s", "5s-1ms")).fired == ["4999ms"]


LATER = trigger(
    """
steps:
  - {event: search, as: search}
  - {event: click, as: click, times: 2, within: 10s}
""",
    rest="actions: [{channel: email, template: x, data: {n: $click.count, first: $click.first.properties.p, "
    "last: $click.properties.p, when: $click.first.event_time}}]",
)


@pytest.mark.parametrize(("last", "fired"), [("10s-1ms", ["9999ms"]), ("10s", []), ("10s+1ms", [])])
def test_on_a_later_step_all_n_events_lie_within_the_span_after_the_event_before(last, fired):
    found = run(LATER, [event("search", "0s"), event("click", "1s", p="p1"), event("click", last, p="p2")])
    assert found.fired == fired
    assert found.expired == ([] if fired else ["10s"])


def test_references_to_a_repetition_read_its_first_its_last_and_its_count():
    found = run(LATER, [event("search", "0s"), event("click", "1s", p="p1"), event("click", "2s", p="p2")])
    assert found.data == [{"n": 2, "first": "p1", "last": "p2", "when": "2026-01-05T10:00:01.000Z"}]


def test_the_evidence_of_an_expired_repetition_holds_what_it_had():
    found = run(LATER, [event("search", "0s"), event("click", "1s")], at_end="flush")
    (expired,) = [each for each in found.decisions if each.outcome == "expired"]
    assert [(row.step, row.event_id) for row in expired.evidence] == [("search", "search@0s"), ("click", "click@1s")]


def test_only_events_that_fit_are_counted():
    text = trigger("steps: [{event: click, times: 2, within: 10s, where: {properties.on: {eq: pay}}}]")
    events = [event("click", "0s", on="pay"), event("click", "1s", on="menu"), event("click", "2s", on="pay")]
    assert run(text, events).evidence == [["click@0s", "click@2s"]]


def test_what_a_sliding_window_holds_is_let_go_when_its_span_is_over():
    found = run(RAGE, [*clicks("0s"), event("page_view", "10s")])
    assert all(not automaton.states for group in found.groups for automaton in group.automata)
    found = run(RAGE, [*clicks("0s"), event("page_view", "10s-1ms")])
    assert any(automaton.states for group in found.groups for automaton in group.automata)
