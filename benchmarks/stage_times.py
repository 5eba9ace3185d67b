"""One process that takes a file through the stages of detection by hand, without Bytewax, and times each.

    python -m benchmarks.stage_times EVENTS OUT --chunk-size 16384 --key-groups 64 --repetitions 5

Chunk by chunk through all stages, as a flow does it, so that each finds the memory as the one before left it. Prints
one line of JSON, nanoseconds by stage and repetition; OUT takes the answer. That every repetition found the same is
asserted here, that it is the right thing by the caller.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from time import perf_counter_ns

import orjson

from benchmarks.answers import Answer, WrongAnswerError, write_answer
from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.expected import TRIGGER
from config.events import load_event_schemas
from config.loader import load_triggers
from flows.backtest import CONFIG, DEDUPE_HORIZON_US, IDENTITY_HORIZON_US
from flows.collector import relax_collector
from flows.event_files import EventFile
from operators.anonymous.group import IdentityGroup, identity_groups
from operators.anonymous.relay import IdentityRelay
from operators.anonymous.values import FromIdentity
from operators.clock import PartitionClock
from operators.compiler import compile_triggers
from operators.decode import Decoded, Decoder, Messages
from operators.group import KeyGroup, Told
from operators.keys import group_names
from operators.plan import Plan
from operators.records import END_OF_TIME, Chunk, Decision, GroupBatch, Origin
from operators.route import parting_router
from operators.shares import batches_of

STAGES = ("read lines", "decode", "watermark stamp", "route", "identity", "key group")


def one_repetition(events: Path, *, chunk_size: int, key_groups: int) -> tuple[dict[str, int], Answer, int]:
    """(nanoseconds by stage, what was found, events); everything is made anew."""
    plan = Plan(compile_triggers(load_triggers([TRIGGER])))
    decoder = Decoder(schemas=load_event_schemas(CONFIG / "events"))
    clock = PartitionClock(OUT_OF_ORDERNESS_MS * 1_000)
    before = identity_groups(key_groups)
    route = parting_router(plan, key_groups, before)
    identities = {
        name: IdentityGroup(plan, horizon_us=IDENTITY_HORIZON_US, dedupe_horizon_us=DEDUPE_HORIZON_US)
        for name in group_names(before)
    }
    relay = IdentityRelay(plan, key_groups)
    groups = {
        name: KeyGroup(plan, dedupe_horizon_us=DEDUPE_HORIZON_US, identity_groups=before)
        for name in group_names(key_groups)
    }
    origin: Origin = (events.name, 0)
    spent = dict.fromkeys(STAGES, 0)
    answer: Answer = []
    line = 0
    chunks = _chunks(events, chunk_size)
    while True:
        began = perf_counter_ns()
        lines = next(chunks, [])
        read = perf_counter_ns()
        offsets = list(range(line, line + len(lines)))
        decoded = decoder.decode(Messages(origin, lines, offsets, [0] * len(lines)))
        decode = perf_counter_ns()
        stamps, late = clock.stamp(decoded.event_times_us)
        stamp = perf_counter_ns()
        chunk = _chunk(origin, decoded, stamps, late, clock.watermark_us, final=not lines)
        parted = route(chunk)
        routed = perf_counter_ns()
        relayed = relay.pass_on([(name, identities[name].receive(apart)) for name, apart in parted.identity])
        identified = perf_counter_ns()
        found: list[Told] = []
        batches: list[tuple[str, GroupBatch | FromIdentity]] = [*batches_of(parted.direct), *relayed]
        for name, batch in batches:
            found += groups[name].receive(batch)
        received = perf_counter_ns()
        moments = (began, read, decode, stamp, routed, identified, received)
        for stage, (before_ns, after_ns) in zip(STAGES, pairwise(moments), strict=True):
            spent[stage] += after_ns - before_ns
        line += len(lines)
        answer += [
            (one.event_time_us // 1_000, str(one.key), one.evidence[0].event_id)
            for one in found
            if isinstance(one, Decision)
        ]
        if not lines:
            return spent, sorted(answer), line


def _chunks(events: Path, chunk_size: int) -> Iterator[list[bytes]]:
    for block in EventFile(events).blocks():
        lines = iter(block)
        while piece := list(islice(lines, chunk_size)):
            yield piece


def _chunk(
    origin: Origin, decoded: Decoded, stamps: list[int], late: list[int], watermark_us: int, *, final: bool
) -> Chunk:
    return Chunk(
        origin=origin,
        origins=(origin,),
        records=decoded.records,
        event_times_us=decoded.event_times_us,
        offsets=decoded.offsets,
        indexes=decoded.indexes,
        record_times_us=decoded.record_times_us,
        watermarks_us=stamps,
        late=late,
        dead=decoded.dead,
        watermark_us=END_OF_TIME if final else watermark_us,
        final=final,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage_times")
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--chunk-size", type=int, required=True)
    parser.add_argument("--key-groups", type=int, required=True)
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    relax_collector()
    answers: list[Answer] = []
    repetitions: list[dict[str, int]] = []
    events = 0
    for _ in range(asked.repetitions):
        spent, answer, events = one_repetition(asked.events, chunk_size=asked.chunk_size, key_groups=asked.key_groups)
        repetitions.append(spent)
        answers = [answer, *answers[:1]]
        if answers[-1] != answer:
            raise WrongAnswerError("two repetitions over the same lines found different matches")
        gc.collect()
    write_answer(answers[0], asked.out)
    print(orjson.dumps({"events": events, "repetitions": repetitions}).decode())


if __name__ == "__main__":
    main()
