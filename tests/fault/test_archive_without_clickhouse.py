"""`flows.archive` and `flows.pipeline` beside a ClickHouse that stays away: they wait, then end and say why."""

import pytest

from operators.reasons import SuppressReason
from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_site import Site
from tests.integration.live_topics import event

pytestmark = pytest.mark.integration

START_MS = 1_767_600_000_000


@pytest.mark.parametrize("name", ["archive", "pipeline"])
def test_the_flow_ends_with_a_message_and_a_restart_loses_and_doubles_nothing(
    site: Site, clickhouse_gateway: ClickHouseGateway, name: str
) -> None:
    site.abandonment()
    store = site.recovery_store()
    site.settings["CT_CLICKHOUSE_DEADLINE"] = "1s"
    with site.flow(name, recovery=store) as flow:
        site.produce([event("first", "page_view", "c", START_MS)])
        flow.wait_until(lambda: site.number("SELECT count() FROM events") == 1, what="the first event")
        clickhouse_gateway.faults.refuse()
        site.produce([event("second", "page_view", "c", START_MS + 1)])
        assert flow.wait(60) not in (0, None)
        assert f"No answer from ClickHouse at {site.clickhouse.replace('http://', 'http://default@')}" in flow.output
        assert "The deadline is 1 s; when the cause is gone, start the job again" in flow.output
    clickhouse_gateway.faults.clear()
    with site.flow(name, recovery=store) as flow:
        site.produce([event("third", "page_view", "c", START_MS + 2)])
        flow.wait_until(lambda: site.number("SELECT count() FROM events") >= 3, what="every event")
    assert sorted(site.rows("SELECT event_id FROM events")) == [("first",), ("second",), ("third",)]


def test_an_action_larger_than_kafka_takes_is_suppressed_and_stops_nothing(site: Site) -> None:
    """Two carts of 600 kB in one message; the next customer's action is sent."""
    site.trigger(LARGE)
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "0s"
    messages = []
    for place, (customer, size) in enumerate((("large", 600_000), ("small", 10))):
        at_ms = START_MS + 2 * place
        messages.append(event(f"a-{customer}", "cart_add", customer, at_ms, partition=0, note="x" * size))
        messages.append(event(f"b-{customer}", "purchase", customer, at_ms + 1, partition=0, note="y" * size))
    site.produce(messages)
    with site.flow("pipeline") as flow:
        flow.wait_until(lambda: len(site.rows("SELECT reason FROM decisions")) == 2, what="both decided")
        flow.wait_until(site.actions, what="the action that is sent")
        assert flow.metrics().of("suppressed_total", reason=SuppressReason.TOO_LARGE) == 1
    assert sorted(site.rows("SELECT outcome, reason, recipient FROM decisions")) == [
        ("action", "", "small"),
        ("suppressed", "too_large", "large"),
    ]
    assert [action.json["recipient"] for action in site.actions()] == ["small"]


LARGE = """
trigger: large
version: 1
match:
  key: customer_id
  steps:
    - {event: cart_add, as: cart}
    - {event: purchase, as: bought, within: 1h}
actions:
  - channel: email
    template: thanks
    data: {first: $cart.properties.note, second: $bought.properties.note}
"""
