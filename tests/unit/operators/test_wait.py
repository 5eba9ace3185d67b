"""`wait: T`: time passes, nothing else is asked."""

import pytest

from tests.harness import event, run, trigger, watermark

THANKS = trigger("""
steps:
  - {event: purchase}
  - {wait: 2h}
exit: [{event: refund}]
""")


@pytest.mark.parametrize(("reached", "fired"), [("2h-1ms", []), ("2h", ["2h"]), ("2h+1ms", ["2h"])])
def test_a_wait_fires_when_the_watermark_reaches_its_end(reached, fired):
    assert run(THANKS, [event("purchase", "0s"), watermark(reached)]).fired == fired


@pytest.mark.parametrize(("third", "fired"), [("2h-1ms", []), ("2h", ["2h"]), ("2h+1ms", ["7200001ms"])])
def test_an_event_after_a_wait_counts_from_its_end_on(third, fired):
    text = trigger("steps: [{event: a}, {wait: 2h}, {event: b}]")
    assert run(text, [event("a", "0s"), event("b", third)]).fired == fired


def test_nothing_but_an_exit_ends_a_wait():
    assert run(THANKS, [event("purchase", "0s"), event("x", "1h")], at_end="flush").fired == ["2h"]
    assert run(THANKS, [event("purchase", "0s"), event("refund", "1h")], at_end="flush").fired == []
