"""The policy in a live flow: what is held back is a row and no message, and what was sent can come back as an event."""

import time
from typing import Final

import pytest

from tests.integration.live_site import Site
from tests.integration.live_topics import event

pytestmark = pytest.mark.integration

MINUTE_MS: Final = 60_000
TRIGGERS: Final = {
    "too_old": """
match: {steps: [{event: cart_add}, {absent: purchase, within: 30m}]}
policy: {max_age: 1h}
actions: [{channel: email, template: reminder}]
""",
    "capped": """
match: {steps: [{event: view}]}
policy: {caps: [{channel: push, max: 1, per: 1d}]}
actions: [{channel: push, template: hello}]
""",
    "waits": """
match: {steps: [{event: signup}]}
actions: [{channel: sms, template: tips, after: 10m}]
""",
    "follows": """
match: {steps: [{event: action_sent, as: sent, where: {properties.template: {eq: hello}}}]}
actions: [{channel: webhook, template: heard, data: {of: $sent.properties.trigger}}]
""",
    "of_a_product": """
match: {key: properties.product_id, per: customer_id, steps: [{event: view, as: v}, {event: price, within: 1d}]}
policy: {recipient: $v.customer_id, consent: marketing}
actions: [{channel: email, template: price-drop}]
""",
}


@pytest.mark.parametrize("hops", [1, 2])
def test_reasons_are_rows_and_what_is_sent_is_sent_once_and_heard_of(site: Site, hops: int) -> None:
    for name, text in TRIGGERS.items():
        if hops == 2 or name != "of_a_product":
            site.trigger(f"trigger: {name}\nversion: 1\n{text}", name)
    site.settings[f"CT_TOPICS__{site.actions_topic}__ENVELOPE"] = "actions"
    then_ms = time.time_ns() // 1_000_000 - 150 * MINUTE_MS
    site.produce(
        [
            event("1", "cart_add", "c1", then_ms),
            event("2", "view", "c1", then_ms + 1, product_id="p1"),
            event("3", "view", "c1", then_ms + 2, product_id="p1"),
            event("4", "signup", "c1", then_ms + 3),
            event("5", "price", "shop", then_ms + MINUTE_MS, product_id="p1"),
        ]
    )
    expected = [
        ("capped", "action", ""),
        ("capped", "suppressed", "cap"),
        ("follows", "action", ""),
        *([("of_a_product", "suppressed", "consent_unknown")] if hops == 2 else []),
        ("too_old", "suppressed", "stale"),
        ("waits", "action", ""),
        ("waits", "deferred", ""),
    ]
    rows = "SELECT trigger, outcome, reason FROM decisions ORDER BY trigger, outcome"
    with site.flow("triggers") as flow:
        flow.wait_until(lambda: len(site.rows(rows)) >= len(expected), what="every decision")
        assert site.rows(rows) == expected
        metrics = flow.metrics()
    for trigger, outcome, reason in expected:
        if outcome == "suppressed":
            assert metrics.of("suppressed_total", trigger=trigger, reason=reason) == 1
    assert metrics.of("suppressed_total") == sum(outcome == "suppressed" for _, outcome, _ in expected)
    assert metrics.of("deferred_total", trigger="waits") == 1

    sent = {action.json["trigger"]: action.json for action in site.actions()}
    assert len(site.actions()) == len(sent) == 3
    assert sent["follows"]["data"] == {"of": "capped"}
    assert sent["capped"]["not_after"] is None
    waited = "SELECT dateDiff('minute', event_time, not_before), not_after FROM decisions WHERE trigger = 'waits'"
    assert [(minutes, after.year) for minutes, after in site.rows(waited)] == [(10, 1970), (10, 1970)]
    until = "SELECT dateDiff('minute', not_before, not_after) FROM decisions WHERE trigger = 'too_old'"
    assert site.rows(until) == [(60,)]
