"""An event that concerns many of its key is shown to them a slice at a time, through Bytewax."""

import pytest

from operators import apart
from operators.apart import ApartAutomaton
from tests.backtests import run_flow
from tests.harness import event, run, trigger

VIEWED = trigger(
    "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 30d}]",
    rest="policy: {recipient: $v.customer_id, caps: [{channel: email, max: 1, per: 1h}]}",
)
EVENTS = [
    *(event("view", "1m", p="p1", customer=f"c{number}") for number in range(40)),
    event("price", "2m", p="p1", customer="shop"),
    event("view", "3m", p="p1", customer="c7"),
    *(event("other", f"{minute}m") for minute in range(4, 14)),
    event("price", "20m", p="p1", customer="shop"),
    *(event("other", f"{minute}m") for minute in range(21, 25)),
]


@pytest.mark.parametrize("chunk_size", [1, 5])
def test_slices_are_worked_off_between_chunks_and_change_no_answer(monkeypatch, tmp_path, chunk_size):
    slices = []
    go_on = ApartAutomaton.go_on

    def counted(self, *asked):
        slices.extend(self.showings)
        go_on(self, *asked)

    monkeypatch.setattr(apart, "SLICE", 3)
    monkeypatch.setattr(ApartAutomaton, "go_on", counted)
    assert run_flow(VIEWED, EVENTS, tmp_path, chunk_size=chunk_size).lines == run(VIEWED, EVENTS).lines()
    assert len(slices) >= 40 // 3
