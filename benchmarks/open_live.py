"""A live flow with many matches open: `flows.run triggers` that has read the carts of N customers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.answers import WrongAnswerError
from benchmarks.arrivals import Arrivals
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.cache import workload_file
from benchmarks.expected import TRIGGER
from benchmarks.live_place import EVENTS, Place, live_place, sleep_until, wait_until
from benchmarks.produce import produce_file
from benchmarks.recipe import Workload
from benchmarks.reference import WITHIN_MS
from benchmarks.supervised import SupervisedRun
from benchmarks.workload import START_MS

FILLED_MS: Final = START_MS + WITHIN_MS
"""Event time at which the last cart was left and the first is nearly due."""
_FILLED_WITHIN_S: Final = 900.0
_BACK_WITHIN_S: Final = 300.0
_TOLERANCE: Final = 0.1


@dataclass(frozen=True)
class OpenLive:
    """The carts are `filling`'s, a file of `benchmarks.cache`. `epoch_s` seconds an epoch."""

    place: Place
    run: SupervisedRun
    filling: Path
    epoch_s: int

    def close_epochs(self) -> None:
        """Waits until one that begins after now has closed. Raises FlowFailedError."""
        sleep_until(time.time() + 2.5 * self.epoch_s, run=self.run)

    def store_bytes(self) -> int:
        """Of the recovery store, as it lies on the disk."""
        return sum(file.stat().st_size for file in (self.place.folder / "recovery").iterdir())

    def assert_open(self, wanted: int) -> int:
        """How many matches are open. Raises WrongAnswerError where it is not about as many as wanted."""
        opened = int(self.run.total("open_matches"))
        if abs(opened - wanted) > _TOLERANCE * wanted:
            raise WrongAnswerError(f"{opened} matches are open, not about {wanted}")
        return opened


def filling_of(asked: Asked, open_matches: int) -> Path:
    """The carts of so many customers, in half an hour of event time; nothing else."""
    return workload_file(
        Workload(events=0, open_matches=open_matches, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS)
    )


@contextmanager
def open_live(
    asked: Asked, folder: Path, *, open_matches: int, processes: int, epoch_s: int, beside: Sequence[Path] = ()
) -> Iterator[OpenLive]:
    """All is read, and an epoch has closed over it. `beside` are other trigger files.

    Raises FlowFailedError, WrongAnswerError, ChildError.
    """
    filling = filling_of(asked, open_matches)
    with live_place(folder, [TRIGGER, *beside]) as place:
        say(f"producing {open_matches:,} carts")
        produce_file(filling, place.kafka, EVENTS)
        with SupervisedRun(
            "triggers", place.settings, folder=folder, processes=processes, arguments=("-s", str(epoch_s))
        ) as run:
            with filling.open("rb") as file:
                lines = sum(1 for _ in file)
            wait_until(
                lambda: run.total("events_read_total") >= lines,
                "all carts read",
                run=run,
                within_s=_FILLED_WITHIN_S,
                poll_s=1.0,
            )
            live = OpenLive(place, run, filling, epoch_s)
            live.close_epochs()
            live.assert_open(open_matches)
            yield live


@dataclass(frozen=True, kw_only=True)
class Resume:
    """One `kill -9`. Seconds from it."""

    noticed_s: float
    """The supervisor starts all processes again."""
    serving_s: float
    """All serve their metrics: interpreter, imports, Kafka and ClickHouse asked. What follows is loading the state."""
    first_action_s: float


def resume_after_kill(
    live: OpenLive, arrivals: Arrivals, *, is_new: Callable[[bytes], bool], then: Callable[[], None] = lambda: None
) -> Resume:
    """Kills the first process, does `then`, and waits for the first action that is new. Raises FlowFailedError."""
    run, read, starts = live.run, len(arrivals.messages), len(live.run.starts())
    os.kill(run.process_ids[0], signal.SIGKILL)
    killed_s, killed_system_s = time.monotonic(), time.time()
    then()
    serving_s = first_action_s = 0.0

    def looked() -> bool:
        nonlocal read, serving_s, first_action_s
        if not serving_s and len(run.starts()) > starts and run.serves():
            serving_s = time.monotonic() - killed_s
        arrivals.check()
        come = arrivals.messages[read:]
        read += len(come)
        first_action_s = next((at_s - killed_system_s for at_s, text in come if is_new(text)), 0.0)
        return first_action_s > 0

    wait_until(looked, "an action after the kill", run=run, within_s=_BACK_WITHIN_S)
    return Resume(
        noticed_s=round(run.starts()[starts] - killed_s, 3),
        serving_s=round(serving_s or first_action_s, 3),
        first_action_s=round(first_action_s, 3),
    )
