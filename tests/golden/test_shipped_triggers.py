"""Each shipped trigger over a file of events beside the actions it must give, written by hand.

A customer's name says what it is a case of. The same answer straight, in chunks of one, with a restart from a
snapshot between any two chunks, and on two workers.
"""

from pathlib import Path

import orjson
import pytest

from tests.harness import run, run_files

HERE = Path(__file__).parent
TRIGGERS = Path(__file__).parents[2] / "config" / "triggers"
FILES = {path.stem: path for path in TRIGGERS.rglob("*.yaml")}
NAMES = sorted(FILES)
MAX_OUT_OF_ORDERNESS = "5s"


def lines(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def by_place(row):
    return (row["event_time"], row["key"], row["channel"], row["template"])


def expected(name):
    return sorted(lines(HERE / name / "expected.jsonl"), key=by_place)


def shortened(rows):
    """Rows of a backtest as ``expected.jsonl`` has them."""
    short = [
        {word: row[word] for word in ("event_time", "key", "recipient", "outcome", "channel", "template", "data")}
        | {"evidence": [each["event_id"] for each in row["evidence"]]}
        for row in rows
    ]
    return sorted(short, key=by_place)


def actions(found):
    rows = [orjson.loads(line) for line in found.lines().splitlines()]
    return shortened(row for row in rows if row["outcome"] != "expired")


def fed(name, **options):
    text = FILES[name].read_text()
    return run(text, lines(HERE / name / "events.jsonl"), max_out_of_orderness=MAX_OUT_OF_ORDERNESS, **options)


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


@pytest.mark.parametrize("name", NAMES)
def test_beside_all_the_others(name):
    texts = [FILES[each].read_text() for each in NAMES]
    found = run(texts, lines(HERE / name / "events.jsonl"), max_out_of_orderness=MAX_OUT_OF_ORDERNESS, chunk_size=7)
    rows = [orjson.loads(line) for line in found.lines().splitlines()]
    assert shortened(row for row in rows if row["trigger"] == name and row["outcome"] != "expired") == expected(name)


def test_on_two_workers_all_at_once(tmp_path):
    events = tmp_path / "events.jsonl"
    # Every file begins where the one before ended: each is brought to a week of its own.
    events.write_bytes(b"".join(_in_week(week, name) for week, name in enumerate(NAMES)))
    found = run_files(
        [TRIGGERS], events, tmp_path / "out.jsonl", workers=2, max_out_of_orderness=MAX_OUT_OF_ORDERNESS, chunk_size=10
    )
    one = run_files([TRIGGERS], events, tmp_path / "one.jsonl", max_out_of_orderness=MAX_OUT_OF_ORDERNESS)
    assert found.lines == one.lines
    assert found.summary.as_dict() | {"seconds": 0} == one.summary.as_dict() | {"seconds": 0}
    assert sum(found.summary.actions.values()) == len(found.rows) >= sum(len(expected(name)) for name in NAMES)


@pytest.mark.parametrize(("name", "workers"), [*((name, 1) for name in NAMES), ("browse_abandonment", 2)])
def test_through_bytewax(name, workers, tmp_path):
    found = run_files(
        [FILES[name]],
        HERE / name / "events.jsonl",
        tmp_path / "out.jsonl",
        workers=workers,
        max_out_of_orderness=MAX_OUT_OF_ORDERNESS,
    )
    assert shortened(found.rows) == expected(name)


def _in_week(week, name):
    from datetime import datetime, timedelta

    rows = lines(HERE / name / "events.jsonl")
    for row in rows:
        time = datetime.fromisoformat(row["event_time"]) + timedelta(weeks=2 * week)
        row["event_time"] = time.isoformat(timespec="milliseconds")
        row["event_id"] = f"{name}/{row['event_id']}"
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)
