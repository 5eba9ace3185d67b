"""`idle: T`: fired at last+T, half-open; every event of the key but a system's starts the T again."""

import pytest

from tests.harness import event, run, trigger

SESSION = trigger("""
steps:
  - {event: cart_add, as: cart}
  - {idle: 30m}
""")


@pytest.mark.parametrize(("heard", "fired"), [("30m-1ms", ["3599999ms"]), ("30m", ["30m"]), ("30m+1ms", ["30m"])])
def test_the_next_event_keeps_the_session_open_before_the_silence_is_over_and_not_at_its_end(heard, fired):
    found = run(SESSION, [event("cart_add", "0s"), event("page_view", heard)], at_end="flush")
    assert found.fired == fired


def test_an_event_at_the_end_of_the_silence_begins_the_next_session():
    found = run(SESSION, [event("cart_add", "0s"), event("cart_add", "30m")], at_end="flush")
    assert found.fired == ["30m", "1h"]


def test_every_event_starts_the_silence_again():
    events = [event("cart_add", "0s"), *(event("page_view", f"{m}m") for m in range(20, 200, 20))]
    assert run(SESSION, events, at_end="flush").fired == ["210m"]


def test_events_made_by_a_system_are_not_heard():
    system = event("email_sent", "20m", context={"kind": "system"})
    person = event("email_opened", "20m", context={"kind": "person"})
    assert run(SESSION, [event("cart_add", "0s"), system], at_end="flush").fired == ["30m"]
    assert run(SESSION, [event("cart_add", "0s"), person], at_end="flush").fired == ["50m"]


def test_with_of_only_these_types_are_heard():
    text = trigger("steps: [{event: cart_add}, {idle: {for: 30m, of: [page_view, search]}}]")
    assert run(text, [event("cart_add", "0s"), event("click", "20m")], at_end="flush").fired == ["30m"]
    assert run(text, [event("cart_add", "0s"), event("search", "20m")], at_end="flush").fired == ["50m"]


def test_events_of_another_customer_are_not_heard():
    found = run(SESSION, [event("cart_add", "0s"), event("page_view", "20m", customer="c2")], at_end="flush")
    assert found.fired == ["30m"]


def test_an_idle_in_the_middle_leaves_the_next_event_to_come_after_it():
    text = trigger("steps: [{event: a}, {idle: 10m}, {event: b}]")
    assert run(text, [event("a", "0s"), event("b", "10m-1ms")], at_end="flush").fired == []
    assert run(text, [event("a", "0s"), event("b", "10m")], at_end="flush").fired == ["10m"]


def test_an_idle_in_the_middle_is_bound_by_within_of_the_match():
    text = trigger("within: 1h\nsteps: [{event: a}, {idle: 30m}, {event: b}]")
    events = [event("a", "0s"), event("x", "20m"), event("x", "40m", id="x2"), event("b", "2h")]
    found = run(text, events)
    assert (found.fired, found.expired) == ([], ["1h"])


@pytest.mark.parametrize(
    ("on_repeat", "fired"), [("restart", ["40m"]), ("ignore", ["40m"]), ("overlap", ["40m", "40m"])]
)
def test_a_repeated_first_event_is_heard_by_the_open_session_too(on_repeat, fired):
    text = trigger(f"on_repeat: {on_repeat}\nsteps: [{{event: a}}, {{idle: 30m}}]")
    assert run(text, [event("a", "0s"), event("a", "10m")], at_end="flush").fired == fired


@pytest.mark.parametrize(("late", "fired"), [("10m-1ms", ["40m"]), ("10m", ["40m"]), ("10m+1ms", ["2400001ms"])])
def test_a_late_event_shows_that_the_key_was_not_silent(late, fired):
    # The event of c2 puts the watermark at 20 minutes; only what was heard after the last event moves the end.
    events = [event("a", "0s"), event("x", "10m"), event("x", "20m", customer="c2"), event("x", late, id="late")]
    text = trigger("steps: [{event: a}, {idle: 30m}]")
    assert run(text, events, at_end="flush").fired == fired
