"""A flow resumed with another number of workers goes on where it was."""

from pathlib import Path

import pytest

from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week

pytestmark = pytest.mark.integration


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    site.settings["CT_CHUNK_SIZE"] = "20"
    return read_week(week_events, site.triggers, site.folder, limit=40_000)


@pytest.mark.parametrize("ended_by", ["stop", "kill"])
def test_one_worker_then_two_then_one_give_the_actions_of_one_run(site: Site, week: Week, ended_by: str) -> None:
    produced = site.produce(week.messages())
    store = site.recovery_store(partitions=2)
    for epoch, workers in ((1, "1"), (2, "2")):
        with site.flow(recovery=store, arguments=["-w", workers]) as flow:
            flow.wait_until(lambda: store.closed_epoch() > epoch, what="an epoch of its own")  # noqa: B023
            getattr(flow, ended_by)()
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: set(site.action_ids()) == week.actions.keys(), what="every action")
        flow.wait_until(lambda: site.number("SELECT count() FROM events") == produced, what="every event archived")
        decided = "SELECT count() FROM decisions"
        flow.wait_until(lambda: site.number(decided) == len(week.actions), what="every decision recorded")
        assert flow.metrics().of("events_read_total") < produced, "it began again from the beginning"
    assert {row[0] for row in site.rows("SELECT action_id FROM decisions")} == week.actions.keys()
    assert site.number("SELECT uniqExact(event_id) FROM events") == produced
