"""The graph of a flow without Bytewax: router, identity step, key groups and deciding groups, wired as by the hosts.

What it does not simulate: Bytewax (``tests.backtests`` does), Kafka, delivery, epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from flows.backtest_report import render
from operators.anonymous.group import IdentityGroup, identity_groups
from operators.anonymous.relay import IdentityRelay
from operators.anonymous.state import restore as restore_identity
from operators.anonymous.state import snapshot as snapshot_of_identity
from operators.anonymous.values import FromIdentity, Identified
from operators.clock import PartitionClock
from operators.decode import Decoder, Messages
from operators.group import KeyGroup
from operators.keys import BUCKETS, group_names, key_group_of
from operators.match_buckets import restore_matches, store_matches
from operators.plan import Plan
from operators.policy.decide_group import DecideGroup
from operators.policy.relay import Relay
from operators.policy.values import ToDecide
from operators.profile_reader import ProfileReader
from operators.profiles.stored import restore_bucket, store_bucket
from operators.reasons import Outcome
from operators.records import (
    BEGINNING_OF_TIME,
    END_OF_TIME,
    Chunk,
    DeadLetter,
    Decision,
    GroupBatch,
    LateEvent,
    Origin,
)
from operators.route import Parted, parting_router, router
from operators.shares import batches_of
from operators.state import restore, snapshot
from operators.tally import Tally, add_up
from tests.moments import since_start

Item: TypeAlias = Mapping[str, Any]
"""An event, ``watermark(…)`` or ``heartbeat(…)``."""


@dataclass
class Result:
    """What came out. ``decisions`` stand in the backtest's order, ``told`` as they were told."""

    told: list[Decision] = field(default_factory=list)
    late: list[LateEvent] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    pending: int = 0
    read: int = 0
    late_by_heartbeat: int = 0
    groups: list[KeyGroup] = field(default_factory=list)
    batches: int = 0

    @property
    def decisions(self) -> list[Decision]:
        return sorted(self.told, key=_order)

    @property
    def fired(self) -> list[str]:
        """``"40m"`` of each action, with its key where that is not c1."""
        return [_name(each) for each in self.decisions if each.outcome != Outcome.EXPIRED]

    @property
    def expired(self) -> list[str]:
        """The same of each partial match that timed out."""
        return [_name(each) for each in self.decisions if each.outcome == Outcome.EXPIRED]

    @property
    def evidence(self) -> list[list[str]]:
        """The event ids each action rests on."""
        return [[row.event_id for row in each.evidence] for each in self.decisions if each.outcome != Outcome.EXPIRED]

    @property
    def data(self) -> list[dict[str, Any]]:
        return [each.data for each in self.decisions if each.outcome != Outcome.EXPIRED]

    def lines(self) -> bytes:
        """The bytes a backtest would write."""
        return b"".join(render(each) for each in self.decisions)

    def answers(self) -> list[tuple[Any, ...]]:
        """What was found, without where in which log its events stood."""
        return [
            (
                *(each.action_id, each.match_id, each.trigger, each.key, each.per, each.recipient),
                *(each.event_time_us, each.outcome, each.reason, orjson.dumps(each.data)),
                tuple((row.step, row.event_id, row.event_time_us) for row in each.evidence),
            )
            for each in self.decisions
        ]


def _name(decision: Decision) -> str:
    when = since_start(decision.event_time_us)
    if decision.key == "c1":
        return when
    return f"{decision.key if isinstance(decision.key, str) else '/'.join(decision.key)} {when}"


def _order(decision: Decision) -> tuple[Any, ...]:
    key = (decision.key,) if isinstance(decision.key, str) else tuple(decision.key)
    return (decision.event_time_us, decision.trigger, key, decision.action_id, decision.outcome != Outcome.DEFERRED)


@dataclass
class Log:
    """One Kafka partition: its clock and what of it is not yet read."""

    origin: Origin
    clock: PartitionClock
    items: list[Item] = field(default_factory=list)
    offset: int = 0


class Graph:
    """Router, identity step and key groups, as ``operators.identity_host`` wires them, and behind them relay and
    deciding groups, as ``operators.decide_host`` does where the triggers ask for it: all of one worker.

    ``identity_horizon_us`` None: no identity step, as ``operators.detect`` alone wires them.
    """

    def __init__(
        self,
        plan: Plan,
        key_groups: int,
        horizon_us: int,
        snapshot_every: int | None,
        profiles: ProfileReader | None = None,
        identity_horizon_us: int | None = None,
        *,
        restarts: bool = False,
    ) -> None:
        self.plan, self.horizon_us, self.snapshot_every = plan, horizon_us, snapshot_every
        self.key_groups, self.profiles = key_groups, profiles
        self.rests_in_buckets = restarts or snapshot_every is not None
        self.identity_horizon_us = identity_horizon_us
        self.identity_groups = 0 if identity_horizon_us is None else identity_groups(key_groups)
        direct = router(plan, key_groups)
        self.route: Callable[[Chunk], Parted] = lambda chunk: Parted(direct(chunk), [])
        if identity_horizon_us is not None:
            self.route = parting_router(plan, key_groups, self.identity_groups)
        self.identities = {name: self._fresh_identity() for name in group_names(self.identity_groups)}
        self.identity_relay = IdentityRelay(plan, key_groups)
        names = group_names(key_groups)
        self.groups = {name: self._fresh() for name in names}
        self.relay = Relay(key_groups)
        self.deciding = {} if plan.decides_at_home else {name: self._fresh_deciding() for name in names}
        steps = (self.identities, self.groups, self.deciding)
        self.tallies = [group.tally for step in steps for group in step.values()]
        self.result = Result()
        self.largest_us = BEGINNING_OF_TIME
        self.chunks = 0
        self.restarts = 0
        self.matches: dict[str, dict[int, Any]] = {name: {} for name in names}
        """By group and bucket, what is stored of open matches."""

    def feed(self, log: Log, origins: tuple[Origin, ...], decoder: Decoder, chunk_size: int) -> None:
        """Up to ``chunk_size`` items of one partition, in chunks cut where a watermark or a heartbeat stands."""
        piece, log.items = log.items[:chunk_size], log.items[chunk_size:]
        values: list[bytes] = []
        for item in piece:
            if item.keys() == {"watermark"}:
                self._chunk(log, origins, decoder, values, raise_to=item["watermark"] * 1_000)
            elif item.keys() == {"heartbeat"}:
                self._chunk(log, origins, decoder, values, heartbeat=item["heartbeat"] * 1_000)
            else:
                values.append(item["raw"] if item.keys() == {"raw"} else orjson.dumps(item))
                continue
            values = []
        if values:
            self._chunk(log, origins, decoder, values)

    def _chunk(
        self,
        log: Log,
        origins: tuple[Origin, ...],
        decoder: Decoder,
        values: list[bytes],
        *,
        raise_to: int | None = None,
        heartbeat: int | None = None,
    ) -> None:
        count = len(values)
        offsets = list(range(log.offset, log.offset + count))
        log.offset += count
        decoded = decoder.decode(Messages(log.origin, values, offsets, [0] * count))
        stamps, late = log.clock.stamp(decoded.event_times_us)
        self.largest_us = max([self.largest_us, *decoded.event_times_us])
        if raise_to is not None:
            log.clock.raise_to(raise_to)
            self.largest_us = max(self.largest_us, raise_to)
        if heartbeat is not None:
            log.clock.heartbeat(heartbeat)
        self.result.read += count
        self.result.dead += decoded.dead
        self.result.late_by_heartbeat += log.clock.take_late_by_heartbeat()
        self._send(
            Chunk(
                origin=log.origin,
                origins=origins,
                records=decoded.records,
                event_times_us=decoded.event_times_us,
                offsets=decoded.offsets,
                indexes=decoded.indexes,
                record_times_us=decoded.record_times_us,
                watermarks_us=stamps,
                late=late,
                dead=decoded.dead,
                watermark_us=log.clock.watermark_us,
            )
        )

    def end(self, origins: tuple[Origin, ...], at_end: str) -> None:
        """The end of a bounded input: of all partitions at once."""
        end_us = END_OF_TIME if at_end == "flush" else self.largest_us
        for origin in origins:
            final = origin == origins[-1]
            self._send(Chunk(origin, origins, [], [], [], [], [], [], [], [], watermark_us=end_us, final=final))
        self.result.groups = list(self.groups.values())
        self.result.tally = add_up(self.tallies)
        self.result.pending = sum(group.open_matches for group in self.groups.values())

    def _send(self, chunk: Chunk) -> None:
        if self.snapshot_every is not None and self.chunks % self.snapshot_every == 0 and self.chunks:
            self._restart()
        self.chunks += 1
        parted = self.route(chunk)
        identified: list[tuple[str, Identified]] = []
        for name, apart in parted.identity:
            identified.append((name, self.identities[name].receive(apart)))
            self.result.late += identified[-1][1].late
        batches: list[tuple[str, GroupBatch | FromIdentity]] = [
            *batches_of(parted.direct),
            *self.identity_relay.pass_on(identified),
        ]
        undecided = []
        for name, batch in batches:
            self.result.batches += 1
            for found in self.groups[name].receive(batch):
                if isinstance(found, Decision):
                    self.result.told.append(found)
                elif isinstance(found, LateEvent):
                    self.result.late.append(found)
                else:
                    undecided.append((name, found))
        sent: dict[str, list[ToDecide]] = {}
        for name, each in self.relay.pass_on(undecided):
            sent.setdefault(name, []).append(each)
        for name, values in sent.items():
            self.result.told += self.deciding[name].receive(values)

    def _restart(self) -> None:
        self.restarts += 1
        for name, group in self.groups.items():
            if self.restarts % 2:  # Bytewax promises no order among the keys of an epoch
                self._store_matches(name, group)
            stored, self.groups[name] = snapshot(group), self._fresh()
            if not self.restarts % 2:
                self._store_matches(name, group)
            restore(self.groups[name], stored)
            for matches in self.matches[name].values():
                restore_matches(self.groups[name], matches)
            for bucket in range(BUCKETS):
                profiles = store_bucket(group.profiles, 0, bucket)
                restore_bucket(profiles, lambda _, name=name: self.groups[name].profiles)
            self.tallies.append(self.groups[name].tally)
        for name, identity in self.identities.items():
            stored, self.identities[name] = snapshot_of_identity(identity), self._fresh_identity()
            restore_identity(self.identities[name], stored)
            self.tallies.append(self.identities[name].tally)
        self.identity_relay = IdentityRelay(self.plan, self.key_groups)
        self.relay = Relay(self.key_groups)
        for name, deciding in self.deciding.items():
            kept, self.deciding[name] = deciding.snapshot(), self._fresh_deciding()
            self.deciding[name].restore(kept)
            self.tallies.append(self.deciding[name].tally)

    def _store_matches(self, name: str, group: KeyGroup) -> None:
        """A third of the buckets, in turns; the others were stored at other times, or never."""
        for bucket in range(self.restarts % 3, BUCKETS, 3):
            self.matches[name][bucket] = store_matches(group, bucket)

    def _fresh(self) -> KeyGroup:
        return KeyGroup(
            self.plan,
            dedupe_horizon_us=self.horizon_us,
            profiles=self.profiles,
            identity_groups=self.identity_groups,
            rests_in_buckets=self.rests_in_buckets,
        )

    def _fresh_identity(self) -> IdentityGroup:
        assert self.identity_horizon_us is not None
        return IdentityGroup(self.plan, horizon_us=self.identity_horizon_us, dedupe_horizon_us=self.horizon_us)

    def _fresh_deciding(self) -> DecideGroup:
        return DecideGroup(self.plan, self.key_groups, self.profiles or self._profile_at)

    def _profile_at(self, recipient: str, time_us: int) -> Any:
        name = group_names(self.key_groups)[key_group_of(recipient, self.key_groups)]
        return self.groups[name].profiles.at(recipient, time_us) if name in self.groups else None
