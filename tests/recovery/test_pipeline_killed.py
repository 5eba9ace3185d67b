"""SIGKILL at any moment, and a restart on the same recovery store: nothing is lost, and no row comes twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week
from tests.integration.recovery_store import RecoveryStore

pytestmark = pytest.mark.integration

Moment = Callable[[Site, LiveFlow, RecoveryStore], object]


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    # Small reads, so that there is a middle in which to be killed.
    site.settings["CT_CHUNK_SIZE"] = "20"
    return read_week(week_events, site.triggers, site.folder, limit=40_000)


def test_a_pipeline_killed_again_and_again_loses_nothing_and_doubles_no_row(site: Site, week: Week) -> None:
    produced = site.produce(week.messages())
    store = site.recovery_store()
    moments: list[tuple[str, Moment]] = [
        ("before its first epoch has closed", lambda _, flow, __: flow.metrics().of("events_read_total") > 2_000),
        ("when rows are in the table", lambda site, _, __: site.number("SELECT count() FROM events") > 0),
        ("when an action is on the topic", lambda site, _, __: site.actions()),
        ("beyond its second epoch", lambda _, __, store: store.closed_epoch() > 2),
        ("when all is read", lambda site, _, __: set(site.action_ids()) == week.actions.keys()),
    ]
    for what, moment in moments:
        with site.flow(recovery=store) as flow:
            flow.wait_until(lambda: moment(site, flow, store), what=what)  # noqa: B023
            flow.kill()
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: site.number("SELECT count() FROM events") == produced, what="every event archived")
        flow.wait_until(lambda: set(site.action_ids()) == week.actions.keys(), what="every action")
        decided = "SELECT count() FROM decisions"
        flow.wait_until(lambda: site.number(decided) == len(week.actions), what="every decision recorded")
        store.wait_until_kept(flow)
    assert_each_row_once(site, week)


def assert_each_row_once(site: Site, week: Week) -> None:
    place = "(topic, kafka_partition, `offset`, `index`)"
    (counts,) = site.rows(f"SELECT count(), uniqExact(event_id), uniqExact({place}) FROM events")
    assert counts == (len(week.events),) * 3
    decided = site.rows("SELECT action_id, outcome FROM decisions")
    assert sorted(decided) == sorted((action_id, "action") for action_id in week.actions)
    assert not site.rows("SELECT * FROM late")
