"""What an epoch costs with many matches open: its snapshot, the pause it makes, and the way back from it.

`flows.triggers` in one process has N carts open in a real recovery store, and traffic goes on at a fixed rate: as many
new carts are left as old ones time out. A trigger of a single step answers one event of ten, at once. While the flow
makes no progress none of its actions arrives, so the pause of an epoch is the longest time between two arrivals, at a
reader of committed actions, in as much time as an epoch has; ordinary ones lie some milliseconds apart. The events
fall due whatever the flow does (`benchmarks.open_loop`): one that does so when a pause begins waits all of it, which
is the longest latency beside it.

Then the process is killed while events go on. It is back when an action arrives whose event fell due after the kill.
Every action is asserted, over the kill too: each once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from benchmarks.arrivals import Arrivals, arrived, assert_all, late_by_ms, longest_gaps_ms, quantile
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.broker import why_no_kafka
from benchmarks.event_file import read_events
from benchmarks.live_place import ACTIONS, EVENTS, KAFKA_PARTITIONS, sleep_until, tick
from benchmarks.open_live import FILLED_MS, OpenLive, Resume, open_live, resume_after_kill
from benchmarks.open_loop import Schedule, open_loop
from benchmarks.reference import WITHIN_MS
from benchmarks.report import Figure, PartReport, middle, rounded
from benchmarks.traffic import Traffic, event_numbers

PAUSE_BAR_MS = 300.0
EPOCH_S = 3
SIGNAL = "each_view"
CARTS = "abandonment_overlap"
_TRIGGERS = Path(__file__).parent.parent / "triggers"
_SIGNAL_EVERY = 10
_BEGINS_S = 25.0
"""Of the traffic, before its first epoch is looked at: what was opened at once has then been stored, a bucket after
the other (decision 18)."""
_AFTER_KILL_S = 8
_PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """One size. The lists are by epoch, in order; what is `an epoch` is the mean over them."""

    open_matches: int
    pause_ms: list[float]
    latency_p99_ms: float
    latency_longest_ms: float
    snapshot_s: float
    """Making the snapshots, an epoch."""
    write_s: float
    """Writing them into the store, an epoch."""
    written_bytes: float
    """Of snapshots of the key groups, an epoch."""
    state_bytes: int
    """The latest snapshots of all their keys."""
    store_bytes: int
    resume: Resume


@dataclass(frozen=True)
class _Spent:
    """What Bytewax and the flow had counted at a moment."""

    epochs: float
    snapshot_s: float
    write_s: float
    written_bytes: float


def measure(asked: Asked) -> PartReport:
    """Each size once. Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="epochs: skipped", notes=[skipped], data={"skipped": skipped})
    measured: list[_Measured] = []
    for open_matches in asked.sizes:
        say(f"epochs: {open_matches:,} open matches")
        with (
            TemporaryDirectory(prefix="customer-triggers-bench-") as folder,
            open_live(
                asked,
                Path(folder),
                open_matches=open_matches,
                processes=1,
                epoch_s=EPOCH_S,
                beside=[_TRIGGERS / f"{SIGNAL}.yaml"],
            ) as live,
        ):
            measured.append(_one(asked, live, open_matches))
    return _report(asked, measured)


def _one(asked: Asked, live: OpenLive, open_matches: int) -> _Measured:
    traffic = Traffic(
        number=1,
        rate=asked.epoch_rate,
        seconds=round(_BEGINS_S) + asked.epochs * EPOCH_S + _AFTER_KILL_S,
        disorder_ms=OUT_OF_ORDERNESS_MS,
        signal_every=_SIGNAL_EVERY,
        cart_every=max(3, round(asked.epoch_rate * WITHIN_MS / 1_000 / open_matches)),
        seed=asked.seed,
    )
    kafka = live.place.kafka
    with (
        Arrivals(kafka, ACTIONS) as arrivals,
        open_loop(traffic, kafka, EVENTS, event_start_ms=FILLED_MS) as schedule,
    ):
        begin_s = schedule.due_s(0) + _BEGINS_S
        end_s = begin_s + asked.epochs * EPOCH_S
        sleep_until(begin_s, run=live.run)
        before = _spent(live)
        sleep_until(end_s, run=live.run)
        after, state_bytes, store_bytes = _spent(live), live.run.total("snapshot_bytes"), live.store_bytes()
        opened = live.assert_open(open_matches)
        resume = _resumed(live, arrivals, schedule)
        schedule.worst_behind_ms()
        last_ms = FILLED_MS + traffic.seconds * 1_000
        tick(kafka, last_ms)
        latencies = _asserted(live, arrivals, schedule, last_ms - OUT_OF_ORDERNESS_MS, begin_s, end_s)
        arrivals_s = [at_s for at_s, _ in arrivals.messages]
    epochs = after.epochs - before.epochs
    return _Measured(
        open_matches=opened,
        pause_ms=longest_gaps_ms(arrivals_s, begin_s=begin_s, end_s=end_s, window_s=EPOCH_S),
        latency_p99_ms=quantile(latencies, 0.99),
        latency_longest_ms=latencies[-1],
        snapshot_s=(after.snapshot_s - before.snapshot_s) / epochs,
        write_s=(after.write_s - before.write_s) / epochs,
        written_bytes=(after.written_bytes - before.written_bytes) / epochs,
        state_bytes=round(state_bytes),
        store_bytes=store_bytes,
        resume=resume,
    )


def _spent(live: OpenLive) -> _Spent:
    total = live.run.engine_total
    return _Spent(
        # Stored at each epoch's end: the partitions of the topic, the tail of the actions, the drain of the spool.
        epochs=total("snapshot_duration_seconds_count", step="source") / (KAFKA_PARTITIONS + 2),
        snapshot_s=total("snapshot_duration_seconds_sum"),
        write_s=total("partd_write_duration_seconds_sum"),
        written_bytes=live.run.total("snapshot_written_bytes_total"),
    )


def _resumed(live: OpenLive, arrivals: Arrivals, schedule: Schedule) -> Resume:
    """New is what answers an event that fell due after the kill."""
    killed_s = time.time()

    def is_new(text: bytes) -> bool:
        action = orjson.loads(text)
        return action["trigger"] == SIGNAL and schedule.due_s(_event_of(action["evidence"][0]["event_id"])) > killed_s

    return resume_after_kill(live, arrivals, is_new=is_new)


def _event_of(event_id: str) -> int:
    return event_numbers(event_id)[1]


def _asserted(
    live: OpenLive, arrivals: Arrivals, schedule: Schedule, watermark_ms: int, begin_s: float, end_s: float
) -> list[float]:
    """Every action of both triggers arrived, and once; sorted, the latencies of what fell due between the moments.

    `watermark_ms` is how far time comes: the carts of the filling whose time is over before then, nobody buys. One
    whose deadline it is waits to be decided, for another match of that very time could still come.
    """
    traffic = schedule.traffic
    due = {
        event.event_id
        for event in read_events(live.filling)
        if event.type == "cart_add" and event.time_ms + WITHIN_MS < watermark_ms
    }
    signals = traffic.signals()
    deadline_s = time.monotonic() + _PATIENCE_S
    while len(arrivals.messages) < len(signals) + len(due) and time.monotonic() < deadline_s:
        live.run.check()
        arrivals.check()
        time.sleep(0.2)
    messages = arrivals.messages
    seen = arrived(messages, trigger=SIGNAL, traffic=traffic.number)
    assert_all(seen, signals, who=f"{SIGNAL} over a kill")
    actions = (orjson.loads(text) for _, text in messages)
    found = [action["evidence"][0]["event_id"] for action in actions if action["trigger"] == CARTS]
    assert_all(found, due, who=f"{CARTS} over a kill")
    between = {event: each for event, each in seen.items() if begin_s <= schedule.due_s(event) < end_s}
    return late_by_ms(between, schedule.due_s)


def _report(asked: Asked, measured: Sequence[_Measured]) -> PartReport:
    most = measured[-1]
    return PartReport(
        title=(
            f"epochs: flows.triggers, one process, {asked.epoch_rate:,} events/s, {asked.epochs} epochs of {EPOCH_S} s"
        ),
        columns=(
            "open matches",
            "pause ms",
            "longest",
            "latency p99 ms",
            "longest",
            "snapshot s",
            "write s",
            "MB an epoch",
            "state MB",
            "store MB",
            "resume s",
        ),
        rows=[
            (
                f"{each.open_matches:,}",
                f"{middle(each.pause_ms):,.0f}",
                f"{max(each.pause_ms):,.0f}",
                f"{each.latency_p99_ms:,.0f}",
                f"{each.latency_longest_ms:,.0f}",
                f"{each.snapshot_s:.3f}",
                f"{each.write_s:.3f}",
                f"{each.written_bytes / 1e6:,.1f}",
                f"{each.state_bytes / 1e6:,.1f}",
                f"{each.store_bytes / 1e6:,.1f}",
                f"{each.resume.first_action_s:.1f}",
            )
            for each in measured
        ],
        notes=[
            "pause: the longest time without an action in each epoch's time, median of the epochs, and longest",
            "snapshot, write: of the state and into the store, seconds an epoch; resume: kill -9 to the first action "
            "of an event after it",
            "every action arrived, and once, over the kill too",
        ],
        figures=[
            Figure(
                f"epoch pause at {most.open_matches:,} open matches", middle(most.pause_ms), "ms", at_most=PAUSE_BAR_MS
            ),
            Figure(f"snapshot of {most.open_matches:,} open matches", most.snapshot_s + most.write_s, "s an epoch"),
            Figure(f"written an epoch at {most.open_matches:,} open matches", most.written_bytes / 1e6, "MB"),
            Figure(f"resume after kill -9 at {most.open_matches:,} open matches", most.resume.first_action_s, "s"),
        ],
        data={
            "epoch_s": EPOCH_S,
            "sizes": [asdict(each) | {"pause_ms": rounded(each.pause_ms, 1)} for each in measured],
        },
    )
