"""Each action is on its topic once, for whoever reads what is committed, however and whenever runs of the job die."""

from __future__ import annotations

import gzip
import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.integration.conftest import SiteFactory
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import event
from tests.integration.live_week import read_week
from tests.integration.recovery_store import RecoveryStore
from tests.kafka.topics import create_topic
from tests.loopback_port import LOOPBACK, free_port

pytestmark = pytest.mark.integration

NEVER_S: Final = 3_600
"""An epoch that no run lives to see the end of."""
MORE_TO_COME: Final = {"CT_IDLE_AFTER": "1h"}
TRIGGERS: Final = {
    "seen": """
match: {steps: [{event: product_view}]}
policy: {cooldown: 1h, caps: [{channel: push, max: 3, per: day}]}
actions: [{channel: push, template: look}]
""",
    "later": """
match: {steps: [{event: cart_add}], exit: [{event: purchase}]}
policy: {cooldown: 2h, quiet_hours: {from: 20:00, to: 08:00}}
actions: [{channel: sms, template: still-there, after: 10m}, {channel: push, template: nice}]
""",
    "at_once": """
match: {steps: [{event: checkout}]}
actions: [{channel: webhook, template: checkout}]
""",
}
OF_ANOTHER_KEY: Final = """
match:
  key: properties.page_path
  per: customer_id
  steps: [{event: page_view, as: first}, {event: page_view, within: 5m}]
policy: {recipient: $first.customer_id, cooldown: 1d, caps: [{channel: push, max: 3, per: day}]}
actions: [{channel: push, template: again}]
"""


def some_days(folder: Path) -> Path:
    """Three days of forty customers, seeded, in order."""
    rng = random.Random(3)
    types = rng.choices(["page_view", "product_view", "cart_add", "checkout", "purchase"], [6, 4, 3, 1, 1], k=3_500)
    times_ms = sorted(rng.sample(range(1_470_000_000_000, 1_470_000_000_000 + 3 * 86_400_000), len(types)))
    file = folder / "days.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        for number, (type_, time_ms) in enumerate(zip(types, times_ms, strict=True)):
            properties = {"page_path": f"/{rng.randrange(5)}"} if type_ == "page_view" else {}
            customer = f"c{rng.randrange(40)}"
            sent = event(f"e{number}", type_, customer, time_ms, **properties)
            lines.write(sent.value.decode() + "\n")
    return file


@contextmanager
def running(
    site: Site, store: RecoveryStore, *, processes: int, workers: int, **options: Any
) -> Iterator[list[LiveFlow]]:
    """A set of processes of the flow, all killed in the end."""
    addresses = ";".join(f"{LOOPBACK}:{free_port()}" for _ in range(processes))
    with ExitStack() as stack:
        flows = []
        for process in range(processes):
            cluster = ["-i", str(process), "-a", addresses] if processes > 1 else []
            arguments = ["-w", str(workers), *cluster]
            flows.append(stack.enter_context(site.flow("triggers", recovery=store, arguments=arguments, **options)))
        yield flows


@pytest.mark.parametrize("hops", [1, 2])
def test_killed_in_the_first_epoch_and_later_on_changing_workers_each_action_is_sent_once(
    site: Site, hops: int
) -> None:
    for name, text in {**TRIGGERS, **({"again": OF_ANOTHER_KEY} if hops == 2 else {})}.items():
        site.trigger(f"trigger: {name}\nversion: 1\n{text}", name)
    site.abandonment()
    # Small reads, so that there is a middle in which to be killed.
    site.settings["CT_CHUNK_SIZE"] = "5"
    messages = read_week(some_days(site.folder), site.triggers, site.folder).messages()
    decided = [json.loads(line) for line in (site.folder / "backtest.jsonl").read_text().splitlines()]
    expected = sorted(each["action_id"] for each in decided if each["outcome"] == "action")
    store, rng, killed_at = site.recovery_store(partitions=2), random.Random(hops), []
    # Processes, workers of each, and the length of an epoch.
    lives = [(1, 1, NEVER_S), (1, 3, NEVER_S), (2, 1, 1), (1, 2, NEVER_S)]
    portion = len(messages) // (len(lives) + 1)
    for processes, workers, epoch_s in lives:
        site.produce(messages[:portion])
        del messages[:portion]
        cluster = running(site, store, processes=processes, workers=workers, epoch_s=epoch_s, settings=MORE_TO_COME)
        with cluster as flows:
            until = len(site.action_ids()) + rng.randint(1, 200)
            flows[0].wait_until(lambda: len(site.action_ids()) >= until, what=f"{until} actions")  # noqa: B023
            time.sleep(rng.random() * 0.2)
            rng.choice(flows).kill()
        killed_at.append((len(site.action_ids()), store.closed_epoch()))
    site.produce(messages)
    with site.flow("triggers", recovery=store) as flow:
        flow.wait_until(lambda: len(site.action_ids()) >= len(expected), what="every action")
        written = "SELECT count() FROM decisions"
        flow.wait_until(lambda: site.number(written) >= len(decided), what="every decision")
        store.wait_until_kept(flow)
    print(f"killed when (actions, epoch): {killed_at} of {len(expected)}")
    assert sorted(site.action_ids()) == expected
    rows = site.rows("SELECT action_id, outcome, reason FROM decisions")
    assert sorted(rows) == sorted((each["action_id"], each["outcome"], each["reason"] or "") for each in decided)


def capped(site: Site) -> None:
    site.trigger(
        "trigger: capped\nversion: 1\nmatch: {steps: [{event: view}]}\n"
        "policy: {caps: [{channel: push, max: 1, per: 1d}]}\nactions: [{channel: push, template: hello}]\n"
    )
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "100ms"


def ago_ms(minutes: float) -> int:
    return time.time_ns() // 1_000_000 - round(minutes * 60_000)


def test_an_action_sent_before_a_crash_fills_the_cap_though_its_event_is_gone(site: Site) -> None:
    """The event of the first action is not read again: Kafka no longer has it."""
    capped(site)
    site.produce([event("first", "view", "c1", ago_ms(60), partition=0)])
    with site.flow("triggers", epoch_s=NEVER_S) as flow:
        flow.wait_until(lambda: len(site.actions()) == 1, what="the first action")
        flow.kill()
    admin = AdminClient({"bootstrap.servers": site.kafka})
    (deleted,) = admin.delete_records([TopicPartition(site.topic, 0, 1)]).values()
    deleted.result(timeout=10)
    site.produce([event("second", "view", "c1", ago_ms(30), partition=0)])
    with site.flow("triggers", epoch_s=NEVER_S) as flow:
        rows = "SELECT reason FROM decisions ORDER BY reason"
        flow.wait_until(lambda: len(site.rows(rows)) == 2, what="the second decision, and a row of the first")
        assert site.rows(rows) == [("",), ("cap",)]
    assert len(site.actions()) == 1


def test_a_topic_made_anew_is_read_from_its_start(site: Site) -> None:
    capped(site)
    store = site.recovery_store()
    site.produce([event(f"old{n}", "view", f"c{n}", ago_ms(60)) for n in range(5)])
    with site.flow("triggers", recovery=store) as flow:
        flow.wait_until(lambda: len(site.actions()) == 5, what="the actions of the old topic")
        store.wait_until_kept(flow)
        flow.kill()
    admin = AdminClient({"bootstrap.servers": site.kafka})
    admin.delete_topics([site.actions_topic])[site.actions_topic].result(timeout=10)
    _create_when_gone(site)
    site.produce([event("new", "view", "c9", ago_ms(30))])
    for _ in range(2):
        # The second of these reads what the first sent where the old topic had been read long ago.
        with site.flow("triggers", recovery=store, epoch_s=NEVER_S) as flow:
            flow.wait_until(lambda: len(site.actions()) == 1, what="the action of the new topic")
            flow.wait_until(lambda: site.number("SELECT count() FROM decisions") == 6, what="its row")
            flow.kill()
    assert len(site.actions()) == 1


def _create_when_gone(site: Site) -> None:
    while True:
        try:
            create_topic(site.kafka, site.actions_topic)
        except KafkaException:
            time.sleep(0.1)
        else:
            return


def test_what_a_dead_predecessor_left_open_is_ended_before_anything_is_decided(site: Site) -> None:
    """Its transaction, with an action in it, would keep readers waiting for 40 seconds, and then be gone."""
    capped(site)
    zombie = Producer(
        {
            "bootstrap.servers": site.kafka,
            "transactional.id": f"customer-triggers-{site.actions_topic}-07",
            "log_level": 0,
        }
    )
    zombie.init_transactions(30)
    zombie.begin_transaction()
    zombie.produce(site.actions_topic, b"never committed", headers=[("application", b"customer-triggers")])
    assert zombie.flush(10) == 0
    site.produce([event("e", "view", "c1", ago_ms(60))])
    with site.flow("triggers") as flow:
        flow.wait_until(lambda: [each.json["recipient"] for each in site.actions()] == ["c1"], what="the action")
    with pytest.raises(KafkaException) as refused:
        zombie.commit_transaction(10)
    assert refused.value.args[0].name() == "_FENCED"


def test_a_run_that_was_taken_for_dead_sends_nothing_more_and_says_why(make_site: SiteFactory) -> None:
    site = make_site(partitions=1)
    capped(site)
    # Time moves by events alone, a click after each view: a run that stood still for long does not make them late.
    site.settings |= MORE_TO_COME
    site.produce([event("one", "view", "c1", ago_ms(60)), event("later", "click", "c1", ago_ms(59))])
    with site.flow("triggers") as old:
        old.wait_until(lambda: len(site.actions()) == 1, what="the first action")
        old.signal(signal.SIGSTOP)
        with site.flow("triggers", epoch_s=NEVER_S) as new:
            new.wait_until(lambda: new.metrics().of("tail_read_total") == 1, what="what the old run sent")
            new.wait_until(lambda: new.metrics().of("events_total", fate="matched") >= 1, what="the first event")
            old.signal(signal.SIGCONT)
            site.produce([event("two", "view", "c2", ago_ms(30)), event("end", "click", "c2", ago_ms(29))])
            new.wait_until(lambda: len(site.actions()) == 2, what="the second action")
            assert old.wait() != 0
        assert "Another run of this job has taken over" in old.output
    assert [each.json["recipient"] for each in site.actions()] == ["c1", "c2"]
