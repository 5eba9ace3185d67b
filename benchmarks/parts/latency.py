"""From produce to action, at fixed arrival rates; and how far past its deadline a timer fires.

The open loop: a process of its own produces each event when its schedule says, whatever the flow is doing
(`benchmarks.open_loop`), and a latency is counted from the schedule to the moment at which a reader of committed
actions has the message. Broker, flow, producer and reader share the machine's cores, so what the flow does with a
full topic says little of what it sustains: the rates climb by shares of that, and the last at which the flow still
keeps up is the sustainable one, unless `--sustainable` says what it is. Then half of it is measured.

A trigger of a single step answers one event of a hundred, at once. Another waits three seconds for a purchase and
fires where none came: a timer is due at the deadline plus `max_out_of_orderness`, for until then a purchase could still
arrive in time. Events come out of order by up to that. A timer that the traffic's end leaves to silence is asserted
and not measured.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arrivals import Arrivals, Seen, arrived, assert_all, late_by_ms, quantile
from benchmarks.asked import Asked, say
from benchmarks.broker import why_no_kafka
from benchmarks.live_flow import EPOCH_S, LiveFlow
from benchmarks.live_place import ACTIONS, EVENTS, Place, live_place
from benchmarks.live_rate import pace
from benchmarks.live_run import FATES
from benchmarks.open_loop import Schedule, open_loop
from benchmarks.report import Figure, PartReport, middle
from benchmarks.traffic import Traffic

SHARES = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Of the pace with a full topic; climbed until the flow falls behind."""
KEPT_UP_MS = 1_000.0
"""A flow whose 99th percentile is beyond this does not keep up."""
ACTION_BAR_MS = 250.0
TIMER_BAR_MS = 1_000.0
OUT_OF_ORDERNESS_MS = 1_000
WAIT_MS = 3_000
BOUGHT_AFTER_MS = 1_500
"""Later than the disorder, and so much before the deadline: every purchase comes in time."""
_TRIGGERS = Path(__file__).parent.parent / "triggers"
SIGNAL, TIMER = "each_view", "left_for_3s"
_QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
_ONE_OF = 100
_BACKLOG_RATE = 50_000
_BACKLOG_AGE_S = 5
"""So long before now the backlog's schedule ended: its purchases are all there."""
_PATIENCE_S = 120.0
_POLL_S = 0.2
_DELAY_S = 5
"""The longest way to Kafka that the flow is told of: silence moves time no further than this before now, so that the
beginning of the next traffic is not late."""


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """One traffic. Milliseconds; each list sorted."""

    rate: int
    at_half: bool
    action_ms: list[float]
    timer_ms: list[float]
    producer_behind_ms: float

    def short(self) -> dict[str, object]:
        """For the result file."""
        return {
            "rate": self.rate,
            "at_half": self.at_half,
            "actions": len(self.action_ms),
            "action_ms": _quantiles(self.action_ms),
            "timers": len(self.timer_ms),
            "timer_ms": _quantiles(self.timer_ms),
            "producer_behind_ms": self.producer_behind_ms,
        }


def measure(asked: Asked) -> PartReport:
    """Every rate once for each round, over one flow. Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="latency: skipped", notes=[skipped], data={"skipped": skipped})
    with TemporaryDirectory(prefix="customer-triggers-bench-") as folder:
        triggers = [_TRIGGERS / f"{name}.yaml" for name in (SIGNAL, TIMER)]
        with live_place(Path(folder), triggers, max_out_of_orderness_ms=OUT_OF_ORDERNESS_MS) as place:
            sustainable, measured = _runs(asked, place)
    return _report(asked, sustainable, measured)


def _runs(asked: Asked, place: Place) -> tuple[int, list[_Measured]]:
    settings = place.settings | {"CT_IDLE_AFTER": "500ms", f"CT_TOPICS__{EVENTS}__MAX_DELAY": f"{_DELAY_S}s"}
    measured: list[_Measured] = []
    backlog = _traffic(asked, 1, _BACKLOG_RATE, max(3, asked.latency_backlog // _BACKLOG_RATE))
    began_ms = round((time.time() - backlog.seconds - _BACKLOG_AGE_S) * 1_000)
    with (
        open_loop(backlog, place.kafka, EVENTS, start_ms=began_ms) as schedule,
        Arrivals(place.kafka, ACTIONS) as arrivals,
    ):
        schedule.worst_behind_ms()
        with LiveFlow(f"flows.{asked.latency_flow}", settings, folder=place.folder / "flow") as flow:
            rate = round(pace(lambda: _fates(flow), backlog.events, run=flow).events_a_second)
            _answered(schedule, arrivals, flow, before=0)
            traffics = [backlog]

            def one(rate: int, *, at_half: bool = False) -> _Measured:
                traffic = _traffic(asked, 1 + len(traffics), rate, asked.latency_seconds)
                traffics.append(traffic)
                say(f"latency: {rate:,} events/s")
                measured.append(_one(traffic, place, arrivals, flow, at_half=at_half))
                return measured[-1]

            sustainable = asked.sustainable
            for share in () if sustainable else SHARES:
                climbed = one(round(rate * share))
                if quantile(climbed.action_ms, 0.99) > KEPT_UP_MS:
                    break
                sustainable = climbed.rate
            for _ in range(asked.live_rounds):
                one(max(1, sustainable // 2), at_half=True)
            flow.stop()
        for traffic in traffics:
            _asserted(traffic, arrivals.messages)
    return sustainable, measured


def _traffic(asked: Asked, number: int, rate: int, seconds: int) -> Traffic:
    return Traffic(
        number=number,
        rate=rate,
        seconds=seconds,
        disorder_ms=OUT_OF_ORDERNESS_MS,
        signal_every=_ONE_OF,
        cart_every=_ONE_OF,
        bought_after_ms=BOUGHT_AFTER_MS,
        seed=asked.seed,
    )


def _fates(flow: LiveFlow) -> float:
    found = flow.scrape()
    return sum(found.of("events_total", fate) for fate in FATES)


def _one(traffic: Traffic, place: Place, arrivals: Arrivals, flow: LiveFlow, *, at_half: bool) -> _Measured:
    before = len(arrivals.messages)
    with open_loop(traffic, place.kafka, EVENTS) as schedule:
        behind_ms = schedule.worst_behind_ms()
        signals, timers = _answered(schedule, arrivals, flow, before=before)
    # So early that events still came when their timers were due.
    timed_s = schedule.end_s() - (WAIT_MS + OUT_OF_ORDERNESS_MS) / 1_000
    return _Measured(
        rate=traffic.rate,
        at_half=at_half,
        action_ms=late_by_ms(signals, schedule.due_s),
        timer_ms=sorted(
            arrival.at_s * 1_000 - (arrival.event_time_ms + OUT_OF_ORDERNESS_MS)
            for cart, arrival in timers.items()
            if schedule.due_s(cart) < timed_s
        ),
        producer_behind_ms=behind_ms,
    )


def _answered(schedule: Schedule, arrivals: Arrivals, flow: LiveFlow, *, before: int) -> tuple[Seen, Seen]:
    """The actions of both triggers, when all have come behind so many messages. Raises WrongAnswerError."""
    traffic = schedule.traffic
    wanted = len(traffic.signals()) + len(traffic.left_carts())
    deadline_s = time.monotonic() + _PATIENCE_S
    while len(arrivals.messages) - before < wanted and time.monotonic() < deadline_s:
        flow.check()
        arrivals.check()
        time.sleep(_POLL_S)
    return _asserted(traffic, arrivals.messages[before:])


def _asserted(traffic: Traffic, messages: Sequence[tuple[float, bytes]]) -> tuple[Seen, Seen]:
    signals, timers = (arrived(messages, trigger=name, traffic=traffic.number) for name in (SIGNAL, TIMER))
    assert_all(signals, traffic.signals(), who=f"{SIGNAL} at {traffic.rate:,} events/s")
    assert_all(timers, traffic.left_carts(), who=f"{TIMER} at {traffic.rate:,} events/s")
    return signals, timers


def _report(asked: Asked, sustainable: int, measured: Sequence[_Measured]) -> PartReport:
    halves = [each for each in measured if each.at_half]
    p99 = {name: middle([quantile(getattr(each, name), 0.99) for each in halves]) for name in ("action_ms", "timer_ms")}
    rows: list[tuple[str, ...]] = []
    for name, what in (("action_ms", "to the action"), ("timer_ms", "timer past its time")):
        for each in sorted(measured, key=lambda each: each.rate):
            values: list[float] = getattr(each, name)
            rows.append(
                (
                    what + (", at half" if each.at_half else ""),
                    f"{each.rate:,}",
                    f"{len(values):,}",
                    *(f"{quantile(values, q):,.0f}" for q in _QUANTILES.values()),
                    f"{values[-1]:,.0f}",
                    f"{each.producer_behind_ms:,.0f}",
                )
            )
    flow = f"flows.{asked.latency_flow}"
    return PartReport(
        title=(f"latency: {flow}, one worker, epochs of {EPOCH_S} s, {asked.latency_seconds} s a rate"),
        columns=("milliseconds", "events/s", "actions", *_QUANTILES, "longest", "producer behind"),
        rows=rows,
        notes=[
            f"sustainable: {sustainable:,} events/s"
            + (", as given" if asked.sustainable else f", the last whose p99 is below {KEPT_UP_MS:,.0f} ms"),
            "counted from the schedule; producer behind: the longest that an event was due and not yet produced",
            "every action arrived, and once",
        ],
        figures=[
            Figure("sustainable arrival rate, producer and broker on the same cores", sustainable, "events/s"),
            Figure("produce → action at half the sustainable rate, p99", p99["action_ms"], "ms", at_most=ACTION_BAR_MS),
            Figure("timer past deadline + disorder, at half, p99", p99["timer_ms"], "ms", at_most=TIMER_BAR_MS),
        ],
        data={"flow": flow, "sustainable": sustainable, "rounds": [each.short() for each in measured]},
    )


def _quantiles(ordered: Sequence[float]) -> dict[str, float]:
    return {name: round(quantile(ordered, share), 1) for name, share in _QUANTILES.items()}
