"""Metrics at the edges: plain counters of sources and key groups, added up when Prometheus asks.

Bytewax serves them with its own under ``/metrics`` (``BYTEWAX_DATAFLOW_API_ENABLED=1``). Counters start at zero with
the process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import REGISTRY, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from flows.kafka_source import KafkaSource
from operators.clock import SystemClock
from operators.decide_host import Deciding
from operators.detect import Detection
from operators.identity_host import Identity
from operators.policy.too_old import SENT_ON
from operators.reasons import Fate, Outcome
from operators.records import BEGINNING_OF_TIME, Decision
from operators.tally import Tally, add_up

log = logging.getLogger(__name__)

PREFIX: Final = "customer_triggers"
_ATTEMPTS: Final = 10
"""At a look that a worker may interrupt by changing what is looked at."""

EVENT_TO_ACTION: Final = Histogram(
    f"{PREFIX}_event_to_action_seconds",
    "From the event time an action is due at to its production, by trigger.",
    ["trigger"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400),
)


class FlowMetrics(Collector):
    """What one process of a flow knows of itself."""

    def __init__(self) -> None:
        self._source: KafkaSource | None = None
        self._detection: Detection | None = None
        self._deciding: Deciding | None = None
        self.at_the_sinks = Tally()
        """What the last step before the sinks let through and held back."""
        self.of_the_tail = Tally()
        """What was found on the actions topic at the start."""
        self._clock: SystemClock | None = None
        self._identity: Identity | None = None

    def watch_source(self, source: KafkaSource) -> None:
        """Counts what its partitions read."""
        self._source = source

    def watch_detection(self, detection: Detection, clock: SystemClock) -> None:
        """Counts what its key groups did; ``clock`` tells which timers should have fired."""
        self._detection, self._clock = detection, clock

    def watch_identity(self, identity: Identity) -> None:
        """Counts what the groups of the identity step before detection did."""
        self._identity = identity

    def watch_deciding(self, deciding: Deciding) -> None:
        """Counts what its groups did, where deciding is a step of its own."""
        self._deciding = deciding

    def register(self) -> None:
        """Puts this among the metrics that the process serves."""
        REGISTRY.register(self)

    @staticmethod
    def observe_action(clock: SystemClock) -> Callable[[str, tuple[str, Decision]], None]:
        """A callback of ``op.inspect`` that measures how long after its event time an action is produced."""

        def observe(step_id: str, keyed: tuple[str, Decision]) -> None:
            decision = keyed[1]
            EVENT_TO_ACTION.labels(trigger=decision.trigger).observe((clock() - decision.not_before_us) / 1e6)

        return observe

    def collect(self) -> Iterator[Metric]:
        """Everything, now; nothing, and a word in the log, where that fails. Never raises.

        The engine's web server turns what is raised here into a panic, and the engine ends a flow in which any of its
        threads panics. A worker may change what is being read: then it is read again.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                yield from list(self._collected())
            except Exception as error:
                if attempt == _ATTEMPTS:
                    log.warning("metrics cannot be read: %r", error)
                    return
            else:
                return

    def _collected(self) -> Iterator[Metric]:
        if self._source is not None:
            yield from _of_source(self._source)
        if self._detection is not None and self._clock is not None:
            before = [] if self._identity is None else [group.tally for group in self._identity.groups]
            decided = [] if self._deciding is None else [group.tally for group in self._deciding.groups]
            yield from _of_detection(
                self._detection, [*before, *decided, self.at_the_sinks, self._detection.let_go], self._clock()
            )
        for name, text in _OF_THE_TAIL:
            yield _counter(name, text, "", [("", self.of_the_tail.of(name))])
        if self._identity is not None:
            yield GaugeMetricFamily(
                f"{PREFIX}_identity_snapshot_bytes",
                "Bytes of the latest snapshots of the identity step: links, and events that could be handed over.",
                self._identity.snapshot_bytes(),
            )


def _counter(name: str, text: str, label: str, counts: Iterable[tuple[str, int]]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=[label] if label else None)
    for value, count in counts:
        family.add_metric([value] if label else [], count)
    return family


def _of_source(source: KafkaSource) -> Iterator[Metric]:
    partitions = list(source.partitions)
    total = add_up(each.tally for each in partitions)
    yield _counter("events_read", "Events and dead letters read.", "", [("", total.of("read"))])
    yield _counter(
        "dead_letters", "Input that never became an event, by reason.", "reason",
        total.labels(Fate.DEAD_LETTER.value).items(),
    )  # fmt: skip
    yield _counter(
        "late_by_heartbeat", "Events late only because silence had moved time.", "",
        [("", total.of("late_by_heartbeat"))],
    )  # fmt: skip
    yield _counter(
        "offsets_skipped", "Offsets without a message: compaction, transaction markers.", "",
        [("", total.of("offsets_skipped"))],
    )  # fmt: skip
    yield _counter(
        "offsets_lost", "Offsets deleted by retention before they were read: events lost.", "",
        [("", total.of("offsets_lost"))],
    )  # fmt: skip
    lag = GaugeMetricFamily(f"{PREFIX}_consumer_lag", "Unread messages.", labels=["topic", "partition"])
    delay = GaugeMetricFamily(
        f"{PREFIX}_watermark_delay_seconds",
        "System time minus the partition's watermark.",
        labels=["topic", "partition"],
    )
    now_us = source.clock()
    for each in partitions:
        labels = [each.origin[0], str(each.origin[1])]
        lag.add_metric(labels, each.lag())
        if each.clock.watermark_us > BEGINNING_OF_TIME:
            delay.add_metric(labels, (now_us - each.clock.watermark_us) / 1e6)
    yield lag
    yield delay
    yield GaugeMetricFamily(
        f"{PREFIX}_events_read_ahead",
        "Events read beyond the slowest partition of the process, which wait for its watermark.",
        source.line.events(),
    )


def _of_detection(detection: Detection, beside: list[Tally], now_us: int) -> Iterator[Metric]:
    """``beside``: the tallies of what stands before and behind detection."""
    groups = list(detection.groups)
    total = add_up([*(group.tally for group in groups), *beside])
    fates = [(fate.value, total.of(fate.value)) for fate in (Fate.MATCHED, Fate.LATE, Fate.DUPLICATE)]
    yield _counter(
        "events", "Decoded events by fate; with the dead letters they add up to what was read.", "fate", fates
    )
    for name, text in _OF_IDENTITY:
        yield _counter(name, text, "", [("", total.of(name))])
    for name, what, text in _BY_TRIGGER:
        yield _counter(name, text, "trigger", total.labels(what).items())
    yield _counter(
        "unknown_comparisons", "Conditions that were neither true nor false: a field missing or of another type.", "",
        [("", detection.plan.unknown_comparisons() + total.total("unknown_where"))],
    )  # fmt: skip
    suppressed = CounterMetricFamily(
        f"{PREFIX}_suppressed", "Actions held back, by trigger and reason.", labels=["trigger", "reason"]
    )
    for (what, trigger), count in sorted(total.counts.items()):
        outcome, _, reason = what.partition("/")
        if outcome == Outcome.SUPPRESSED:
            suppressed.add_metric([trigger, reason], count)
    yield suppressed
    yield GaugeMetricFamily(
        f"{PREFIX}_open_matches", "Partial matches open.", sum(group.open_matches for group in groups)
    )
    yield GaugeMetricFamily(
        f"{PREFIX}_timers_held_by_lag",
        "Timers due by system time that the watermark has not reached.",
        sum(group.matching.timers_due_by(now_us) for group in groups),
    )
    yield GaugeMetricFamily(
        f"{PREFIX}_snapshot_bytes", "Bytes of the key groups' latest snapshots.", detection.snapshot_bytes()
    )
    written = "Bytes of the key groups' snapshots that were written."
    yield _counter("snapshot_written_bytes", written, "", [("", detection.written_bytes())])


_OF_THE_TAIL: Final = (
    ("tail_read", "Actions found on their topic at the start, which the state may not know of."),
    ("tail_of_others", "Messages on the actions topic that are another job's."),
    ("tail_unreadable", "Messages on the actions topic that say they are this job's and are no actions."),
)

_OF_IDENTITY: Final = (
    ("identified", "Anonymous customers that an identify named first."),
    ("identity_conflicts", "Identifies of an anonymous customer who was already another's; without effect."),
)

_BY_TRIGGER: Final = (
    ("matches", "matches", "Patterns found complete, by trigger."),
    (
        "actions",
        SENT_ON,
        "Actions handed to the producer, by trigger; messages_delivered counts those that Kafka has confirmed.",
    ),
    ("deferred", Outcome.DEFERRED.value, "Actions that wait for the end of quiet hours or their own time, by trigger."),
    ("already_fired", "already_fired", "Matches not decided because their trigger fires once, by trigger."),
    ("expired", "expired", "Partial matches that timed out, by trigger."),
    ("cancelled", "cancelled", "Open matches ended by an absence, by trigger."),
    ("exited", "exited", "Open matches ended by an exit, by trigger."),
    ("restarted", "restarted", "Open matches given up for a newer one, by trigger."),
    ("handed_over", "handed_over", "Open matches that an anonymous customer forgot when identified, by trigger."),
    ("late_cancelled", "late_cancelled", "Open matches ended by a late event, by trigger."),
    ("state_reset", "state_reset", "Changed triggers whose stored state was let go at the start, by trigger."),
    ("state_dropped", "state_dropped", "Removed triggers whose stored state was let go at the start, by trigger."),
)
