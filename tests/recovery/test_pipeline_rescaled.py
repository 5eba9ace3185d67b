"""A flow resumed with another number of workers goes on where it was."""

from pathlib import Path
from typing import Final

import pytest

from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week

pytestmark = pytest.mark.integration

# While more of the week is to come, silence must not take it for the present.
MORE_TO_COME: Final = {"CT_IDLE_AFTER": "1h"}
LIVES: Final = (("1", "stop"), ("2", "kill"), ("1", "stop"))
"""Workers of each life of the flow, and its end; each reads its third of the events."""


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    return read_week(week_events, site.triggers, site.folder, limit=30_000)


def test_one_worker_then_two_then_one_give_the_actions_of_one_run(site: Site, week: Week) -> None:
    store = site.recovery_store(partitions=2)
    archived, decided = "SELECT count() FROM events", "SELECT count() FROM decisions"
    messages = week.messages()
    produced = 0
    for workers, ended_by in LIVES:
        produced += site.produce(messages[produced : produced + 10_000])
        settings = MORE_TO_COME if produced < len(week.events) else {}
        with site.flow(recovery=store, arguments=["-w", workers], settings=settings) as flow:
            flow.wait_until(lambda: site.number(archived) == produced, what="every event archived")  # noqa: B023
            if produced < len(week.events):
                flow.wait_until(lambda: flow.metrics().of("open_matches") > 0, what="open matches")
                store.wait_until_kept(flow)
                assert len(site.action_ids()) < len(week.actions)
            else:
                flow.wait_until(lambda: set(site.action_ids()) == week.actions.keys(), what="every action")
                flow.wait_until(lambda: site.number(decided) == len(week.actions), what="every decision recorded")
            assert flow.metrics().of("events_read_total") == 10_000, "a resume begins where the store ends"
            getattr(flow, ended_by)()
    assert {row[0] for row in site.rows("SELECT action_id FROM decisions")} == week.actions.keys()
    assert site.number("SELECT uniqExact(event_id) FROM events") == len(week.events)
    assert not site.rows("SELECT * FROM late")
