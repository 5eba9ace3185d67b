"""A real week of a shop: 98 369 events, all of them. Abandonment must be what brute force and SQL say it is.

Left out where the data is not there.
"""

import gzip
import random
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from benchmarks.event_file import epoch_ms, read_events
from benchmarks.reference import abandonments
from tests.backtests import run_files
from tests.harness import run, trigger

ROOT = Path(__file__).parents[2]
WEEK = ROOT.parent / "shared" / "data" / "ga_store_2016_08_week1.jsonl.gz"
MODES = ("restart", "ignore", "overlap")
TEXTS = [
    trigger(f"on_repeat: {mode}\nsteps: [{{event: cart_add, as: cart}}, {{absent: purchase, within: 30m}}]", name=mode)
    for mode in MODES
]

pytestmark = pytest.mark.skipif(not WEEK.exists(), reason=f"{WEEK} is not there")


@pytest.fixture(scope="module")
def reference():
    events = list(read_events(WEEK))
    return {mode: abandonments(events, on_repeat=mode, at_end="flush") for mode in MODES}


@pytest.fixture(scope="module")
def raw_lines():
    with gzip.open(WEEK) as file:
        return file.read().splitlines()


def answers(rows):
    """By mode, the sorted (deadline in ms, customer, id of the cart) of rows of a backtest."""
    found = {mode: [] for mode in MODES}
    for row in rows:
        found[row["trigger"]].append((epoch_ms(row["event_time"]), row["key"], row["evidence"][0]["event_id"]))
    return {mode: sorted(each) for mode, each in found.items()}


def walked(raw_lines, **options):
    found = run(TEXTS, [{"raw": line} for line in raw_lines], at_end="flush", **options)
    assert (found.late, found.dead, found.pending) == ([], [], 0)
    return answers(map(orjson.loads, found.lines().splitlines()))


def test_the_week_holds_what_it_is_known_to_hold(reference):
    assert {mode: len(found) for mode, found in reference.items()} == {"restart": 988, "ignore": 1025, "overlap": 3090}


@pytest.mark.parametrize("chunk_size", [1, 7, 5_000])
def test_it_equals_brute_force_at_any_chunk_size(chunk_size, raw_lines, reference):
    assert walked(raw_lines, chunk_size=chunk_size, key_groups=2) == reference


def test_it_equals_brute_force_when_shuffled_within_the_bound(raw_lines, reference):
    shaken = random.Random(7)
    delays = {}
    arrivals = []
    for place, line in enumerate(raw_lines):
        time_ms = epoch_ms(orjson.loads(line)["event_time"])
        # Equal times keep their order, for it decides; all of them are late by the same.
        delay_ms = delays.setdefault(time_ms, shaken.randrange(60_001))
        arrivals.append((time_ms + delay_ms, place, line))
    arrivals.sort()
    assert [place for _, place, _ in arrivals] != list(range(len(arrivals)))
    assert walked([line for *_, line in arrivals], chunk_size=1_000, max_out_of_orderness="60s") == reference


@pytest.mark.parametrize("workers", [1, 4])
def test_it_equals_brute_force_through_bytewax(workers, reference, tmp_path):
    paths = []
    for mode, text in zip(MODES, TEXTS, strict=True):
        paths.append(tmp_path / f"{mode}.yaml")
        paths[-1].write_text(text)
    found = run_files(paths, WEEK, tmp_path / "out.jsonl", workers=workers, at_end="flush")
    assert answers(found.rows) == reference
    assert found.summary.read == found.summary.matched == 98_369


@pytest.mark.parametrize("mode", MODES)
def test_brute_force_equals_sql(mode, reference):
    command = [sys.executable, "-m", "tests.golden.week_sql", str(WEEK), mode]
    answered = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    rows = [orjson.loads(line) for line in answered.stdout.splitlines() if line]
    assert sorted((int(r["deadline_ms"]), r["customer"], r["event_id"]) for r in rows) == reference[mode]
