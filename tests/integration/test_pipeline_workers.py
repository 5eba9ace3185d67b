"""However many workers, the same actions."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week
from tests.loopback_port import LOOPBACK, free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    return read_week(week_events, site.triggers, site.folder, limit=20_000)


def test_two_workers_in_one_process_give_the_same_actions(site: Site, week: Week) -> None:
    produced = site.produce(week.messages())
    with site.flow(arguments=["-w", "2"]) as flow:
        wait_until_all_is_done([flow], site, week)
        assert flow.metrics().of("events_total", fate="matched") == produced
    assert Counter(site.action_ids()) == Counter(week.actions.keys())


def test_two_processes_give_the_same_actions(site: Site, week: Week) -> None:
    produced = site.produce(week.messages())
    addresses = ";".join(f"{LOOPBACK}:{free_port()}" for _ in range(2))
    with ExitStack() as running:
        flows = [
            running.enter_context(site.flow(arguments=["-i", str(process), "-a", addresses])) for process in range(2)
        ]
        wait_until_all_is_done(flows, site, week)
        read = [flow.metrics().of("events_read_total") for flow in flows]
        assert sum(read) == produced
        assert all(read), "both processes read"
    assert Counter(site.action_ids()) == Counter(week.actions.keys())


def wait_until_all_is_done(flows: list[LiveFlow], site: Site, week: Week) -> None:
    flows[0].wait_until(lambda: len(site.actions()) >= len(week.actions), what="every action")
    archived = "SELECT count() FROM events"
    flows[0].wait_until(lambda: site.number(archived) == len(week.events), what="every event archived")
    decided = "SELECT count() FROM decisions"
    flows[0].wait_until(lambda: site.number(decided) == len(week.actions), what="every decision recorded")
