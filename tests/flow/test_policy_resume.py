"""Deciding through Bytewax with a recovery store: stopped anywhere, resumed on more workers or fewer."""

from datetime import timedelta

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, cluster_main

from flows import steps
from operators.clock import PartitionClock
from operators.decide_host import Deciding, decide
from operators.decode import Decoder
from operators.detect import Detection, detect
from operators.records import Decision
from tests.deciding import rule
from tests.harness import Graph, Log, compiled, event, run, trigger

KEY_GROUPS = 4
HOME = [
    rule("quiet_hours: {from: 12:00, to: 14:00}", name="waits", match="steps: [{event: d}]",
         rest="actions: [{channel: sms, template: x}]"),
    rule("caps: [{channel: email, max: 2, per: 1h}], cooldown: 1m", name="capped"),
    rule("arbitration: 5m, priority: 1", name="held", match="steps: [{event: e}]"),
]  # fmt: skip
HOPS = [
    *HOME,
    trigger(
        "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 30d}]",
        name="viewed",
        rest="policy: {recipient: $v.customer_id, caps: [{channel: email, max: 2, per: 1h}]}",
    ),
]
EVENTS = [
    event("a", "0s"), event("view", "1m", p="p1"), event("view", "2m", p="p1", customer="c2"), event("a", "3m"),
    event("price", "4m", p="p1", customer="shop"), event("e", "5m"), event("a", "50m"), event("e", "58m"),
    event("d", "3h"), event("view", "3h", p="p1"), event("price", "4h15m", p="p1", customer="shop"),
    event("x", "4h16m"),
]  # fmt: skip


class Chunks(Graph):
    """The chunks of a log, and nothing made of them."""

    def __init__(self, size):
        self.chunks_sent = []
        super().__init__(compiled(rule()), 1, 0, None)
        log = Log(("events", 0), PartitionClock(0), list(EVENTS))
        while log.items:
            self.feed(log, (log.origin,), Decoder(), size)
        self.end((log.origin,), "hold")

    def _send(self, chunk):
        self.chunks_sent.append(chunk)


def told_by(chunks, plan, stops, workers, folder):
    """What Bytewax tells when it is stopped before each of these chunks and goes on with another number of workers."""
    source = [
        each for i, chunk in enumerate(chunks) for each in ([TestingSource.EOF()] if i in stops else []) + [chunk]
    ]
    init_db_dir(folder, 1)
    told = []
    for count in workers:
        flow = Dataflow("resumed")
        detection = Detection(plan, KEY_GROUPS, 0)
        found = detect(steps.DETECT, op.input(steps.SOURCE, flow, TestingSource(source)), detection)
        if not plan.decides_at_home:
            found = decide(steps.DECIDE, found, Deciding(detection))
        op.output("out", op.filter_map("decisions", found, lambda keyed: keyed[1]), TestingSink(told))
        cluster_main(
            flow, [], 0, epoch_interval=timedelta(0), recovery_config=RecoveryConfig(str(folder)),
            worker_count_per_proc=count,
        )  # fmt: skip
    return sorted((each for each in told if isinstance(each, Decision)), key=row)


def row(decision):
    return (decision.action_id, decision.outcome, decision.reason or "", decision.not_before_us)


@pytest.mark.parametrize("texts", [HOME, HOPS], ids=["one hop", "two hops"])
@pytest.mark.parametrize("workers", [(1, 1), (1, 3), (3, 2)])
def test_stopped_anywhere_and_resumed_the_decisions_are_the_same(texts, workers, tmp_path):
    plan = compiled(*texts)
    expected = sorted(run(plan, EVENTS).decisions, key=row)
    assert {each.reason or each.outcome for each in expected} >= {"action", "deferred", "cap"}
    chunks = Chunks(1).chunks_sent
    for stop in range(1, len(chunks)):
        folder = tmp_path / str(stop)
        folder.mkdir()
        assert told_by(chunks, plan, {stop}, workers, folder) == expected, stop
