"""Each shipped trigger over its golden file, lived in every way: the answer is always the one written down.

Straight; in chunks of one; from a snapshot between any two chunks; beside all the others; on two workers; aborted
again and again on a recovery store; resumed at other numbers of workers.
"""

import orjson
import pytest

from tests.backtests import run_files
from tests.golden.cases import (
    HERE,
    MAX_OUT_OF_ORDERNESS,
    NAMES,
    SCHEMAS,
    SCORED,
    TRIGGERS,
    all_at_once,
    events,
    events_file,
    expected,
    shortened,
    trigger_file,
)
from tests.golden.lives import lived
from tests.harness import run

FIRES_ON_ARRIVAL = ["welcome"]


def actions(found):
    return shortened(orjson.loads(line) for line in found.lines().splitlines())


def matches(rows):
    """Whatever became of their actions."""
    return {(row["event_time"], str(row["key"]), row["recipient"], *row["evidence"]) for row in rows}


def fed(name, rows=None, **options):
    asked = {"max_out_of_orderness": MAX_OUT_OF_ORDERNESS, "schemas": SCHEMAS} | options
    return run(trigger_file(name).read_text(), events(name) if rows is None else rows, **asked)


def test_every_shipped_trigger_has_its_cases_and_every_case_its_trigger():
    assert sorted(path.parent.name for path in HERE.glob("*/events.jsonl")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_straight(name):
    assert actions(fed(name)) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_in_chunks_of_one(name):
    assert actions(fed(name, chunk_size=1)) == expected(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chunk_size", [1, 3])
def test_with_a_restart_between_any_two_chunks(name, chunk_size):
    assert actions(fed(name, chunk_size=chunk_size, snapshot_every=1)) == expected(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FIRES_ON_ARRIVAL])
def test_with_a_restart_that_forgets_the_answer_is_another(name):
    """What the tests of restarts would not notice otherwise."""
    rows = events(name)
    half = len(rows) // 2
    assert actions(fed(name, rows[:half])) + actions(fed(name, rows[half:])) != expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_beside_all_the_others(name):
    texts = [trigger_file(each).read_text() for each in NAMES]
    found = run(texts, events(name), max_out_of_orderness=MAX_OUT_OF_ORDERNESS, schemas=SCHEMAS, chunk_size=7)
    rows = [orjson.loads(line) for line in found.lines().splitlines()]
    # What the others send counts in caps and contests, so only what was found is the same.
    assert matches(shortened(row for row in rows if row["trigger"] == name)) == matches(expected(name))


def test_on_two_workers_all_at_once(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(all_at_once())
    asked = {"max_out_of_orderness": MAX_OUT_OF_ORDERNESS}
    found = run_files([TRIGGERS, SCORED], file, tmp_path / "out.jsonl", workers=2, chunk_size=10, **asked)
    one = run_files([TRIGGERS, SCORED], file, tmp_path / "one.jsonl", **asked)
    assert found.lines == one.lines
    assert found.summary.as_dict() | {"seconds": 0} == one.summary.as_dict() | {"seconds": 0}
    assert all(found.summary.fired[name] >= len(matches(expected(name))) for name in NAMES)


@pytest.mark.parametrize(("name", "workers"), [*((name, 1) for name in NAMES), ("browse_abandonment", 2)])
def test_through_bytewax(name, workers, tmp_path):
    found = run_files(
        [trigger_file(name)],
        events_file(name),
        tmp_path / "out.jsonl",
        workers=workers,
        max_out_of_orderness=MAX_OUT_OF_ORDERNESS,
    )
    assert shortened(found.rows) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_aborted_again_and_again(name, tmp_path):
    assert shortened(lived(name, tmp_path, workers=[1] * 6, chunks=12)) == expected(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("workers", [(1, 3, 2), (4, 1, 3)])
def test_resumed_at_another_number_of_workers(name, workers, tmp_path):
    assert shortened(lived(name, tmp_path, workers=workers, chunks=9)) == expected(name)
