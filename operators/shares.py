"""The shares of key groups in a chunk, as columns: what routing makes, and what is cut into a batch for each group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from operators.records import Event, GroupBatch, Origin

Times: TypeAlias = npt.NDArray[np.int64]


class Head(NamedTuple):
    """How large a group's share is."""

    name: str
    """Its Bytewax key."""
    group: int
    events: int
    heard: int
    late: bool
    """Whether any of them is late."""
    copies: int | None = None
    """As in ``GroupBatch``."""


class Shares(NamedTuple):
    """What one chunk has for several key groups: columns, the share of one group after the other's."""

    origin: Origin
    origins: tuple[Origin, ...]
    watermark_us: int
    final: bool
    first_us: int | None
    heads: list[Head]
    ids: list[str]
    event_times_us: Times
    watermarks_us: Times
    heard: list[Event]
    heard_at: list[int]
    """These are as in ``GroupBatch``."""
    foreign: dict[int, list[Any]]
    """By group, as in ``GroupBatch``."""


def batches_of(shares: Shares) -> list[tuple[str, GroupBatch]]:
    """What each key group is given, by its Bytewax key."""
    ids, heard, heard_at, foreign = shares.ids, shares.heard, shares.heard_at, shares.foreign
    times_us, watermarks_us = shares.event_times_us.tolist(), shares.watermarks_us.tolist()
    out: list[tuple[str, GroupBatch]] = []
    begin = begin_heard = 0
    for name, group, count, heard_count, late, copies in shares.heads:
        end, end_heard = begin + count, begin_heard + heard_count
        batch = GroupBatch(
            shares.origin, shares.origins, shares.watermark_us, shares.final,
            ids[begin:end], times_us[begin:end], watermarks_us[begin:end],
            heard[begin_heard:end_heard], heard_at[begin_heard:end_heard],
            late, foreign.get(group, []), shares.first_us, group, count, copies,
        )  # fmt: skip
        out.append((name, batch))
        begin, begin_heard = end, end_heard
    return out


def has_copies_apart(shares: Shares) -> bool:
    """Whether somebody has told copies apart."""
    return all(head.copies is not None for head in shares.heads)


def joined(several: Sequence[Shares]) -> Shares:
    """What chunks of one partition, one after the other, have for key groups, as if they had been one chunk.

    Every group has its head in each of them, and copies are told apart.
    """
    last, heads = several[-1], zip(*(shares.heads for shares in several), strict=True)
    heard: list[list[Event]] = [[] for _ in last.heads]
    foreign: dict[int, list[Any]] = {}
    for shares in several:
        begin = 0
        for events, head in zip(heard, shares.heads, strict=True):
            events += shares.heard[begin : begin + head.heard]
            begin += head.heard
        for group, entries in shares.foreign.items():
            foreign.setdefault(group, []).extend(entries)
    return last._replace(
        first_us=next((shares.first_us for shares in several if shares.first_us is not None), None),
        heads=[
            Head(
                each[0].name,
                each[0].group,
                sum(head.events for head in each),
                sum(head.heard for head in each),
                any(head.late for head in each),
                sum(head.copies or 0 for head in each),
            )
            for each in heads
        ],
        heard=[event for events in heard for event in events],
        foreign=foreign,
    )


def by_worker(shares: Shares, worker_of: Callable[[str], int], workers: int) -> list[Shares]:
    """What is for the groups of each worker."""
    if workers == 1:
        return [shares]
    parts: list[list[tuple[Head, int, int]]] = [[] for _ in range(workers)]
    begin = begin_heard = 0
    for head in shares.heads:
        parts[worker_of(head.name)].append((head, begin, begin_heard))
        begin, begin_heard = begin + head.events, begin_heard + head.heard
    return [_only(shares, part) for part in parts]


def _only(shares: Shares, part: list[tuple[Head, int, int]]) -> Shares:
    events = [slice(begin, begin + head.events) for head, begin, _ in part]
    heard = [slice(begin, begin + head.heard) for head, _, begin in part]
    nothing = shares.event_times_us[:0]
    return shares._replace(
        heads=[head for head, _, _ in part],
        ids=[each for one in events for each in shares.ids[one]],
        event_times_us=np.concatenate([nothing, *(shares.event_times_us[one] for one in events)]),
        watermarks_us=np.concatenate([nothing, *(shares.watermarks_us[one] for one in events)]),
        heard=[each for one in heard for each in shares.heard[one]],
        heard_at=[each for one in heard for each in shares.heard_at[one]],
        foreign={head.group: shares.foreign[head.group] for head, _, _ in part if head.group in shares.foreign},
    )
