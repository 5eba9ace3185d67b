"""What an epoch costs where customers' profiles lie hot, with their key group, and cold, in buckets of their own.

    python -m benchmarks.cold_state [--customers 100000] [--epochs 20]

The real step through Bytewax with a recovery store, an epoch a chunk of 1 000 events; so many of these are profile
events as the row says, each of another customer drawn at random. Figures for decision 0006.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, cluster_main

from config.loader import parse_trigger
from operators.clock import PartitionClock
from operators.cold_keys import ColdKey
from operators.compiler import compile_triggers
from operators.decode import Decoder, Messages
from operators.detect import Detection, KeyGroupLogic, detect
from operators.group import KeyGroup
from operators.keys import BUCKETS, PROFILES, cold_names, group_names
from operators.plan import Plan
from operators.profiles.stored import store_bucket
from operators.records import Chunk

KEY_GROUPS: Final = 256
EVENTS: Final = 1_000
SEED: Final = 6
START_MS: Final = 1_767_607_200_000
TRIGGER: Final = """
trigger: t
version: 1
match:
  steps:
    - {event: a, where: {$customer.tier: {eq: gold}, $customer.consent.email: {eq: true}}}
    - {absent: b, within: 30m}
policy: {recipient: customer_id}
actions: [{channel: email, template: x}]
"""
_ORIGIN: Final = ("events", 0)


class CountingDetection(Detection):
    """The real one, and how many bytes of profiles it has stored."""

    @property
    def profile_bytes(self) -> int:
        """Of all buckets of profiles, in every epoch."""
        return sum(
            logic.written_bytes for logic in self.logics if isinstance(logic, ColdKey) and logic.kind == PROFILES
        )


class HotDetection(CountingDetection):
    """Profiles in the state of their group: what the cold keys spare."""

    @property
    def profile_bytes(self) -> int:
        """With every group."""
        return sum(logic.profile_bytes for logic in self.logics if isinstance(logic, _HotLogic))

    @property
    def stores_profiles(self) -> bool:
        """No cold keys."""
        return False

    def group_logic(self, resume_state: Any) -> KeyGroupLogic:
        """A group that stores its profiles with itself."""
        logic = _HotLogic(super().group_logic(resume_state).group, self)
        self.logics[-1] = logic
        return logic


class _HotLogic(KeyGroupLogic):
    def __init__(self, group: KeyGroup, detection: HotDetection) -> None:
        super().__init__(group, detection)
        self.profile_bytes = 0

    def snapshot(self) -> Any:
        made = super().snapshot()
        buckets = [store_bucket(self.group.profiles, 0, bucket) for bucket in range(BUCKETS)]
        self.profile_bytes += sum(len(each[1]) for each in buckets)
        return (made, buckets)


@dataclass
class Run:
    """The log as chunks, made as they are asked for, with the time at which each was."""

    customers: int
    epochs: int
    profile_events: int
    asked_at: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    def chunks(self, detection: CountingDetection) -> Iterator[Chunk]:
        """First every customer's profile, then the epochs that are measured."""
        drawn, clock, decoder = random.Random(SEED), PartitionClock(5_000_000), Decoder()
        time_ms = START_MS
        filling = range(0, self.customers, EVENTS)
        for start in filling:
            ids = range(start, min(start + EVENTS, self.customers))
            yield _chunk(decoder, clock, [_profile_event(i, time_ms) for i in ids])
            time_ms += 1_000
        for epoch in range(self.epochs):
            events = [_profile_event(drawn.randrange(self.customers), time_ms + i) for i in range(self.profile_events)]
            while len(events) < EVENTS:
                customer = drawn.randrange(self.customers)
                events.append(_event("a", customer, time_ms + len(events), f"a{epoch}/{len(events)}", {}))
            time_ms += 1_000
            chunk = _chunk(decoder, clock, events)
            self.written.append(detection.profile_bytes)
            self.asked_at.append(time.perf_counter())
            yield chunk

    @property
    def seconds(self) -> float:
        """From epoch to epoch, the median."""
        gaps = sorted(b - a for a, b in zip(self.asked_at, self.asked_at[1:], strict=False))
        return gaps[len(gaps) // 2]

    @property
    def megabytes(self) -> float:
        """Of profiles stored from epoch to epoch, the mean; without the end of the input, which wakes every key."""
        return (self.written[-1] - self.written[0]) / (len(self.written) - 1) / 1e6


def _event(what: str, customer: int, time_ms: int, event_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": what,
        "event_time": time_ms,
        "customer_id": f"customer-{customer}",
        "properties": properties,
    }


def _profile_event(customer: int, time_ms: int) -> dict[str, Any]:
    properties = {"tier": "gold", "consent": {"email": customer % 3 > 0, "sms": False}, "email": "unread@example.com"}
    return _event("identify", customer, time_ms, f"i{customer}/{time_ms}", properties)


def _chunk(decoder: Decoder, clock: PartitionClock, events: list[dict[str, Any]]) -> Chunk:
    count = len(events)
    decoded = decoder.decode(
        Messages(_ORIGIN, [orjson.dumps(each) for each in events], list(range(count)), [0] * count)
    )
    stamps, late = clock.stamp(decoded.event_times_us)
    return Chunk(
        _ORIGIN, (_ORIGIN,), decoded.records, decoded.event_times_us, decoded.offsets, decoded.indexes,
        decoded.record_times_us, stamps, late, [], clock.watermark_us,
    )  # fmt: skip


def measure(run: Run, *, cold: bool) -> tuple[float, float]:
    """(seconds, MB of profiles written) an epoch."""
    plan = Plan(compile_triggers([parse_trigger(TRIGGER)]))
    kind = CountingDetection if cold else HotDetection
    detection = kind(plan, KEY_GROUPS, 3_600_000_000)
    with tempfile.TemporaryDirectory() as folder:
        init_db_dir(Path(folder), 1)  # type: ignore[no-untyped-call]
        flow = Dataflow("cold_state")
        found = detect("detect", op.input("in", flow, TestingSource(run.chunks(detection))), detection)
        op.output("out", found, TestingSink([]))
        recovery = RecoveryConfig(folder)  # type: ignore[no-untyped-call]
        cluster_main(flow, [], 0, epoch_interval=timedelta(0), recovery_config=recovery)  # type: ignore[no-untyped-call]
    return run.seconds, run.megabytes


def main() -> int:
    """Prints one row a kind and number of profile events."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_state")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=20)
    asked = parser.parse_args()
    group_names(KEY_GROUPS)
    started = time.perf_counter()
    cold_names(KEY_GROUPS, PROFILES)
    print(f"{asked.customers} profiles, {KEY_GROUPS} key groups, {BUCKETS} buckets each; names found in "
          f"{time.perf_counter() - started:.3f} s")  # fmt: skip
    for profile_events in (0, 10, 100, 1_000):
        for cold in (False, True):
            seconds, megabytes = measure(Run(asked.customers, asked.epochs, profile_events), cold=cold)
            name = "cold" if cold else "hot"
            print(f"{name:4} {profile_events:5} profile events: {seconds:.3f} s, {megabytes:.2f} MB an epoch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
