"""`python -m flows.demo`, in its short form: what it says of itself is true, however it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from flows.demo.afternoon import OPENS_US, Afternoon
from flows.demo.scrape import read_metrics
from flows.shop_garbage import KINDS
from flows.shop_traffic import DISORDER_S, Plan, shop_traffic
from operators.decode import Decoder
from operators.decode.messages import Messages

pytestmark = pytest.mark.integration

ROOT: Final = Path(__file__).parents[2]
HOUR_US: Final = 3_600_000_000
SHORT: Final = "26"
LONGEST_S: Final = 90.0


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "flows.demo", "--seconds", SHORT, "--folder", str(folder), *more]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CT_", "BYTEWAX_"))}
    return {name: value for name, value in kept.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """One whole run, its output to a file as it were."""
    return subprocess.run(
        command(folder), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=LONGEST_S, check=False
    )


def test_it_ends_by_itself_and_well(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""


def test_its_sums_hold(demo: subprocess.CompletedProcess[str]) -> None:
    sums = [line for line in demo.stdout.splitlines() if line.startswith((" ✓", " ✗"))]
    assert len(sums) == 6
    assert all(line.startswith(" ✓") for line in sums)
    produced, actions = (
        int(re.search(rf"([\d,]+)\s+= {name}", demo.stdout)[1].replace(",", ""))  # type: ignore[index]
        for name in ("produced = rows", "actions on")
    )
    assert produced > 10_000
    assert actions > 500


def test_every_shipped_trigger_fires(demo: subprocess.CompletedProcess[str]) -> None:
    assert "Without an action" not in demo.stdout
    for path in (ROOT / "config" / "triggers").glob("*.yaml"):
        assert re.search(rf"^{path.stem} +[1-9]", demo.stdout, re.MULTILINE), path.stem


def test_it_shows_sql_and_a_command_that_works(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.stdout.count("\nFROM ") == 4
    (way_on,) = (line for line in demo.stdout.splitlines() if line.startswith(sys.executable))
    asked = subprocess.run(shlex.split(way_on), capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "cart_add" in asked.stdout


class Interrupted(NamedTuple):
    """A demo that Ctrl-C ended while its shop was open, and a second one that was started in its folder before."""

    status: int
    said: str
    job_said: str
    second: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    folder = tmp_path_factory.mktemp("interrupted")
    with subprocess.Popen(
        command(folder), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        second = subprocess.run(
            command(folder), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=False
        )
        assert any("The shop is open" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        return Interrupted(process.wait(30), said, (folder / "job.log").read_text(), second)


def test_ctrl_c_ends_it_and_its_job_in_order(interrupted: Interrupted) -> None:
    assert interrupted.status == 130
    assert "Interrupted" in interrupted.said
    assert "Traceback" not in interrupted.said
    assert interrupted.job_said == ""


def test_a_second_demo_in_the_same_folder_is_refused(interrupted: Interrupted) -> None:
    assert interrupted.second.returncode == 2
    assert "another demo runs in" in interrupted.second.stderr


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(OPENS_US, OPENS_US + HOUR_US)


def test_the_same_seed_makes_the_same_traffic(plan: Plan) -> None:
    assert shop_traffic(plan) == shop_traffic(plan)


def test_the_traffic_comes_in_order_of_arrival_and_ends_at_closing(plan: Plan) -> None:
    arrivals_us = [message.arrival_us for message in shop_traffic(plan)]
    assert arrivals_us == sorted(arrivals_us)
    assert arrivals_us[-1] < plan.closing_us


def test_the_traffic_holds_garbage_of_every_kind_some_late_some_twice(plan: Plan) -> None:
    messages = shop_traffic(plan)
    decoded = Decoder(max_future_skew_us=300_000_000).decode(
        Messages(
            origin=("events", 0),
            values=[message.value for message in messages],
            offsets=list(range(len(messages))),
            record_times_us=[message.arrival_us for message in messages],
        )
    )
    # What an event's schema refuses is asked of the whole flow: this decoder was given no schemas.
    expected = {reason.value for reason in KINDS} - {"schema_violation"}
    assert {letter.reason for letter in decoded.dead} >= expected
    ids = Counter(record.event_id for record in decoded.records)
    assert sum(count > 1 for count in ids.values()) > 20
    largest_us, late = 0, 0
    for time_us in decoded.event_times_us:
        late += time_us < largest_us - DISORDER_S * 1_000_000
        largest_us = max(largest_us, time_us)
    assert 10 < late < len(messages) / 50


def test_metrics_are_read_by_their_names() -> None:
    text = """\
customer_triggers_events_read_total 10.0
customer_triggers_events_total{fate="matched"} 6.0
customer_triggers_events_total{fate="late"} 3.0
customer_triggers_dead_letters_total{reason="malformed_json"} 1.0
customer_triggers_actions_total{trigger="welcome"} 2.0
customer_triggers_watermark_delay_seconds{topic="events",partition="0"} 60.0
customer_triggers_watermark_delay_seconds{topic="events",partition="1"} 61.5
"""
    reading = read_metrics(text, 1)
    assert reading.read == reading.accounted == 10
    assert reading.actions == {"welcome": 2}
    assert reading.watermark_delay_s == 61.5


def test_an_afternoon_is_told_over_a_pipe() -> None:
    afternoon = Afternoon.lasting(52)
    assert Afternoon.from_line(afternoon.as_line().decode()) == afternoon
