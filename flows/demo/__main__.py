"""A shop's afternoon in about a minute: ``make demo``.

A seeded shop's traffic goes over Kafka's protocol into the job that ``python -m bytewax.run flows.pipeline`` would be,
with the shop's clock for the wall's. Kafka and ClickHouse are embedded unless ``KAFKA_BOOTSTRAP_SERVERS`` and
``CLICKHOUSE_URL`` name others; ``CT_TRIGGERS_FOLDER`` shows other triggers. Everything it leaves is in ``var/demo``.
It ends with status 0 when all sums hold.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from config.common_policy import load_common_policy
from config.errors import ConfigError
from flows.demo.action_feed import ActionFeed
from flows.demo.afternoon import DUSK_US, MAX_DELAY_US, SPEED, Afternoon, ShopClock
from flows.demo.checks import check
from flows.demo.job_process import JobEnded, JobProcess
from flows.demo.report import print_answer, print_checks, print_way_on
from flows.demo.scrape import Scraper
from flows.demo.screen import Screen, State
from flows.demo.stage import Stage, StageError, set_stage
from flows.demo.tables import questions
from flows.loading import loaded
from flows.produce.delivery import Delivery, NotDelivered
from flows.shop_traffic import Message, Plan, shop_traffic
from operators.clock import system_time_us
from sinks.clickhouse.client import connect
from sinks.errors import SinkError

SUMS_DO_NOT_HOLD: Final = 1
CANNOT_RUN: Final = 2
INTERRUPTED: Final = 130

_TICK_S: Final = 0.02
_FRAME_S: Final = 0.1
_CATCH_UP_WITHIN_S: Final = 90.0
_SETTLE_WITHIN_S: Final = 20.0
_SHORTEST_S: Final = math.ceil(DUSK_US / 1e6 / SPEED) + 1


class Demo:
    """One run. ``origin_us`` is the wall's time at which the shop opened."""

    def __init__(self, stage: Stage, afternoon: Afternoon, console: Console) -> None:
        self.stage = stage
        self.afternoon = afternoon
        self.origin_us = 0
        self.clock = ShopClock(afternoon)
        self.delivery = Delivery(stage.connection, stage.events_topic)
        self.feed = ActionFeed(stage)
        common = load_common_policy(stage.settings.policy_file)
        triggers = tuple(each.trigger.trigger for each in loaded([stage.settings.triggers_folder], common))
        self.state = State(self.feed, triggers, afternoon.speed)
        self.screen = Screen(console, self.state)

    def run(self) -> None:
        """The afternoon, from the history on the topic to a job that has ended in order.

        Raises ``JobEnded``, ``NotDelivered``, ``TimeoutError``.
        """
        afternoon = self.afternoon
        messages = shop_traffic(Plan(afternoon.opens_us, afternoon.closes_us, self.stage.run))
        past = sum(each.arrival_us < afternoon.opens_us for each in messages)
        with self.screen.on(), JobProcess(self.stage, afternoon) as job, Scraper(job.port) as scraper:
            during = _Running(self, job, scraper)
            self._catch_up(during, messages[:past])
            self._open(during, messages[past:])
            self._close(during)
            job.end()
            self.feed.read()

    def _catch_up(self, during: _Running, history: Sequence[Message]) -> None:
        self.state.phase = f"History: {len(history):,} messages of five weeks, read as fast as they come"
        for message in history:
            self._send(message)
        self.delivery.settle()
        during.until(lambda: self.state.reading.read >= self.delivery.sent, _CATCH_UP_WITHIN_S, "history is read")

    def _open(self, during: _Running, messages: Sequence[Message]) -> None:
        self.origin_us = system_time_us()
        self.clock.open(self.origin_us)
        during.job.open_shop(self.origin_us)
        self.state.phase = f"The shop is open, {self.afternoon.speed} times as fast as the wall"
        for message in messages:
            while message.arrival_us > self.clock():
                during.tick()
            self._send(message)
        self.delivery.settle()

    def _close(self, during: _Running) -> None:
        self.state.phase = "The shop is closed: silence alone moves time, and finds the last carts abandoned"
        left_s = (self.afternoon.ends_us - self.afternoon.closes_us) / 1e6 / self.afternoon.speed
        during.until(lambda: self.clock.has_ended, left_s + _SETTLE_WITHIN_S, "the evening")
        self.state.phase = "Evening: what is under way comes to rest"
        rest = _AtRest(self.state, self.delivery.sent)
        during.until(rest, _SETTLE_WITHIN_S, "everything produced is read, and the watermark at its end")

    def _send(self, message: Message) -> None:
        self.delivery.send(message.value, message.key, message.arrival_us // 1_000)


@dataclass
class _Running:
    """What is kept going while the demo waits for something."""

    demo: Demo
    job: JobProcess
    scraper: Scraper
    drawn_s: float = 0.0

    def tick(self) -> None:
        """One short while. Raises ``JobEnded``, ``NotDelivered``."""
        demo = self.demo
        self.job.check()
        demo.delivery.poll(_TICK_S)
        demo.feed.read()
        demo.state.reading = self.scraper.latest
        demo.state.shop_us = demo.clock()
        demo.state.produced = demo.delivery.sent
        now_s = time.monotonic()
        if now_s - self.drawn_s >= _FRAME_S:
            self.drawn_s = now_s
            demo.screen.show()

    def until(self, done: Callable[[], bool], within_s: float, what: str) -> None:
        """Ticks until it is done; raises ``TimeoutError`` that says what was waited for."""
        until_s = time.monotonic() + within_s
        while not done():
            if time.monotonic() > until_s:
                raise TimeoutError(f"not within {within_s:.0f} s: {what}; the job's log is {self.demo.stage.log}")
            self.tick()


class _AtRest:
    """Whether the flow has nothing left to do: asked again and again, true when nothing changed for two readings."""

    def __init__(self, state: State, produced: int) -> None:
        self._state = state
        self._produced = produced
        self._seen = (0, 0)
        self._since = 0

    def __call__(self) -> bool:
        reading = self._state.reading
        delay_s = reading.watermark_delay_s
        seen = (reading.actions.total(), self._state.feed.total)
        arrived = (
            reading.read == reading.accounted == self._produced
            and delay_s is not None
            and delay_s <= MAX_DELAY_US / 1e6 + 0.001
            and seen[0] == seen[1]
        )
        if seen != self._seen or not arrived:
            self._seen, self._since = seen, reading.number
        return arrived and reading.number >= self._since + 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit status."""
    parser = argparse.ArgumentParser(prog="python -m flows.demo", description="A shop's afternoon in about a minute.")
    parser.add_argument("--seconds", type=float, default=52.0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=Path("var/demo"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.seconds < _SHORTEST_S:
        parser.error(f"--seconds: at least {_SHORTEST_S}")
    console = Console(highlight=False)
    try:
        with set_stage(options.folder.resolve()) as stage:
            demo = Demo(stage, Afternoon.lasting(options.seconds), console)
            try:
                demo.run()
                return _report(console, demo)
            finally:
                demo.feed.close()
    except KeyboardInterrupt:
        console.print(f"Interrupted. What it had done is in {options.folder}.")
        return INTERRUPTED
    except (ConfigError, StageError, NotDelivered, JobEnded, SinkError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN


def _report(console: Console, demo: Demo) -> int:
    stage, afternoon = demo.stage, demo.afternoon
    url = stage.settings.clickhouse.url
    client = connect(url)
    checks = check(stage, client, demo.delivery.delivered, demo.state.reading, demo.feed.total)
    took_s = time.monotonic() - demo.state.began_s
    hours = (afternoon.ends_us - afternoon.opens_us) / 3.6e9
    console.print(
        f"{demo.delivery.delivered:,} messages: five weeks of history and {hours:.1f} hours of an afternoon, "
        f"in {took_s:.0f} s; {demo.feed.total:,} actions.",
        soft_wrap=True,
    )
    for question in questions(stage.events_topic, afternoon, demo.origin_us):
        print_answer(console, client, question)
    console.print()
    print_checks(console, checks)
    silent = sorted(set(demo.state.triggers) - set(demo.feed.counts))
    if silent:
        console.print(f"Without an action: {', '.join(silent)}.", style="yellow")
    print_way_on(console, url)
    return 0 if all(each.holds for each in checks) else SUMS_DO_NOT_HOLD


if __name__ == "__main__":
    sys.exit(main())
