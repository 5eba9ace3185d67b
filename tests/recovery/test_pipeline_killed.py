"""SIGKILL at any moment, and a restart on the same recovery store: nothing is lost, and nothing comes twice."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week
from tests.integration.recovery_store import RecoveryStore

pytestmark = pytest.mark.integration

# While more of the week is to come, silence must not take it for the present.
MORE_TO_COME: Final = {"CT_IDLE_AFTER": "1h"}
PORTION: Final = 8_000
ARCHIVED: Final = "SELECT count() FROM events"
DECIDED: Final = "SELECT count() FROM decisions"


@dataclass(frozen=True)
class Before:
    """What was there when a life of the flow began."""

    archived: int
    actions: int
    epoch: int


Moment = Callable[[Site, LiveFlow, RecoveryStore, Before], bool]

MOMENTS: Final[dict[str, Moment]] = {
    "it has read some": lambda _site, flow, _store, _before: flow.metrics().of("events_read_total") > 1_000,
    "its first rows are in the table": lambda site, _flow, _store, before: site.number(ARCHIVED) > before.archived,
    "its first action is on the topic": lambda site, _flow, _store, before: len(site.actions()) > before.actions,
    "its first epoch has closed": lambda _site, _flow, store, before: store.closed_epoch() > before.epoch,
}


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    # Small reads, so that there is a middle in which to be killed.
    site.settings["CT_CHUNK_SIZE"] = "5"
    return read_week(week_events, site.triggers, site.folder, limit=(len(MOMENTS) + 1) * PORTION)


def test_a_pipeline_killed_again_and_again_loses_nothing_and_doubles_nothing(site: Site, week: Week) -> None:
    """Each life begins with another portion unread, and with what the one before it did not bring to an epoch's end."""
    messages, store, killed_at = week.messages(), site.recovery_store(), []
    for place, (what, moment) in enumerate(MOMENTS.items()):
        site.produce(messages[place * PORTION : (place + 1) * PORTION])
        before = Before(site.number(ARCHIVED), len(site.actions()), store.closed_epoch())
        with site.flow(recovery=store, settings=MORE_TO_COME) as flow:
            flow.wait_until(lambda: moment(site, flow, store, before), what=what)  # noqa: B023
            flow.kill()
        killed_at.append((what, site.number(ARCHIVED), len(site.actions()), store.closed_epoch()))
    site.produce(messages[len(MOMENTS) * PORTION :])
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: site.number(ARCHIVED) == len(week.events), what="every event archived")
        flow.wait_until(lambda: len(site.action_ids()) >= len(week.actions), what="every action")
        flow.wait_until(lambda: site.number(DECIDED) == len(week.actions), what="every decision recorded")
        store.wait_until_kept(flow)
    print(f"killed when (archived, actions, epoch): {killed_at}; actions on the topic: {len(site.actions())}")
    assert sorted(site.action_ids()) == sorted(week.actions)
    assert_each_row_once(site, week)


def assert_each_row_once(site: Site, week: Week) -> None:
    place = "(topic, kafka_partition, `offset`, `index`)"
    (counts,) = site.rows(f"SELECT count(), uniqExact(event_id), uniqExact({place}) FROM events")
    assert counts == (len(week.events),) * 3
    decided = site.rows("SELECT action_id, outcome FROM decisions")
    assert sorted(decided) == sorted((action_id, "action") for action_id in week.actions)
    assert not site.rows("SELECT * FROM late")
