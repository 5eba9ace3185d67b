"""The whole graph through Bytewax, on one and two workers, says what the same parts say without it."""

import pytest

from tests.backtests import run_flow
from tests.fixtures.write_key_group_state import AFTER, BEFORE, TRIGGERS
from tests.harness import event, run, trigger, watermark

EVENTS = [*BEFORE, *AFTER, {"event_id": "", "type": "x"}, event("signup", "3h", customer="c7")]
ASKED = {"max_out_of_orderness": "5m"}


@pytest.mark.parametrize("chunk_size", [1, 5, 1_000])
def test_one_worker_writes_the_bytes_that_the_parts_give(chunk_size, tmp_path):
    flow = run_flow(TRIGGERS, EVENTS, tmp_path, chunk_size=chunk_size, **ASKED)
    assert flow.lines == run(TRIGGERS, EVENTS, **ASKED).lines()
    assert len(flow.rows) >= 8


def test_two_workers_write_the_bytes_that_one_writes(tmp_path):
    flow = run_flow(TRIGGERS, EVENTS, tmp_path, workers=2, chunk_size=3, **ASKED)
    assert flow.lines == run(TRIGGERS, EVENTS, **ASKED).lines()


@pytest.mark.parametrize("at_end", ["hold", "flush"])
def test_the_counts_add_up_to_what_was_read(at_end, tmp_path):
    summary = run_flow(TRIGGERS, EVENTS, tmp_path, at_end=at_end, **ASKED).summary
    found = run(TRIGGERS, EVENTS, at_end=at_end, **ASKED)
    assert summary.read == summary.matched + summary.late + summary.duplicate + summary.dead == len(EVENTS)
    assert (summary.late, summary.duplicate, summary.dead) == (1, 2, 1)
    assert (summary.pending, summary.expired) == (found.pending, found.tally.total("expired"))
    assert sum(summary.fired.values()) == found.tally.total("matches")


def test_a_line_that_is_a_watermark_moves_time_at_its_place(tmp_path):
    text = trigger("steps: [{event: a}, {absent: b, within: 30m}]")
    events = [event("a", "0s"), watermark("30m"), event("b", "10m")]
    for chunk_size in (1, 2, 10):
        flow = run_flow(text, events, tmp_path, chunk_size=chunk_size)
        assert [row["event_time"] for row in flow.rows] == ["2026-01-05T10:30:00.000Z"]
        assert flow.summary.late == 1
    assert run(text, events).fired == ["30m"]


def test_without_being_asked_for_expired_matches_are_counted_and_not_written(tmp_path):
    text = trigger("steps: [{event: a}, {event: b, within: 1m}]")
    flow = run_flow(text, [event("a", "0s")], tmp_path, at_end="flush", with_expired=False)
    assert (flow.rows, flow.summary.expired) == ([], 1)


def test_a_file_without_events_ends(tmp_path):
    flow = run_flow(trigger("steps: [{event: a}]"), [], tmp_path)
    assert (flow.lines, flow.summary.read) == (b"", 0)
