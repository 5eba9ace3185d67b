"""A short chaos run with a fixed seed; `make chaos` is the long one."""

from pathlib import Path

import pytest

from tests.chaos.run import run_chaos, table
from tests.chaos.schedule import KINDS, schedule
from tests.kafka.jars import why_no_jvm

SEED = 4


@pytest.mark.integration
def test_after_eight_faults_every_input_has_one_fate_and_every_action_was_sent_once(tmp_path: Path) -> None:
    no_jvm = why_no_jvm()
    if no_jvm is not None:
        pytest.skip(f"no Kafka that may be killed: {no_jvm}. Install a JDK 17+ and Maven")
    outcome = run_chaos(tmp_path, seed=SEED, faults=8, events=20_000)
    print(table(outcome))
    assert not outcome.violations


def test_the_same_seed_plans_the_same_faults_and_another_seed_others() -> None:
    planned = schedule(seed=7, faults=30, events=300_000)
    assert planned == schedule(seed=7, faults=30, events=300_000)
    assert planned != schedule(seed=8, faults=30, events=300_000)


def test_a_long_run_shows_every_kind_of_fault_in_order_of_the_events() -> None:
    planned = schedule(seed=1, faults=30, events=300_000)
    assert {fault.kind for fault in planned} == set(KINDS)
    assert [fault.after_events for fault in planned] == sorted(fault.after_events for fault in planned)
    assert len(planned) == 30
