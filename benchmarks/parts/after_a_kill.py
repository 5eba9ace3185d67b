"""How long from `kill -9` of one process of two to the first new action, with a million open matches in state?

`flows.triggers` under its supervisor reads the carts of N customers, all of them open. In the moment of the kill
messages arrive that make the oldest carts due; the first action on its topic after that can only come when the
supervisor has noticed, both processes have started again and all state is loaded. Heartbeats are off (the workload's
times are long past), so time moves by these messages alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arrivals import Arrivals
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.broker import why_no_kafka
from benchmarks.live_place import ACTIONS, tick
from benchmarks.open_live import FILLED_MS, OpenLive, Resume, open_live, resume_after_kill
from benchmarks.report import Figure, PartReport, middle

BAR_S = 15.0
PROCESSES = 2
EPOCH_S = 10


@dataclass(frozen=True, kw_only=True)
class Return:
    """One kill."""

    open_matches: int
    resume: Resume
    store_bytes: int


def measure(asked: Asked) -> PartReport:
    """Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="after_a_kill: skipped", notes=[skipped], data={"skipped": skipped})
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place:
        returns = _returns(asked, Path(place))
    worst = max(each.resume.first_action_s for each in returns)
    return PartReport(
        title=(
            f"after_a_kill: kill -9 of one process of {PROCESSES}, {returns[0].open_matches:,} open matches, epochs of "
            f"{EPOCH_S} s, median of {len(returns)}"
        ),
        columns=("seconds from the kill to", "median", "slowest"),
        rows=[
            (name, f"{middle(values):.2f}", f"{max(values):.2f}")
            for name, values in (
                ("all started again", [each.resume.noticed_s for each in returns]),
                ("both serve metrics", [each.resume.serving_s for each in returns]),
                ("the first new action", [each.resume.first_action_s for each in returns]),
            )
        ],
        notes=[f"the recovery store: {middle([each.store_bytes for each in returns]) / 1e6:,.0f} MB"],
        figures=[
            Figure(f"kill -9 of one process of {PROCESSES} to the first new action, slowest", worst, "s", at_most=BAR_S)
        ],
        data={"bar_s": BAR_S, "rounds": [asdict(each) for each in returns]},
    )


def _returns(asked: Asked, folder: Path) -> list[Return]:
    returns: list[Return] = []
    with open_live(asked, folder, open_matches=asked.many, processes=PROCESSES, epoch_s=EPOCH_S) as live:
        for number in range(1, asked.live_rounds + 1):
            say(f"after_a_kill: round {number} of {asked.live_rounds}")
            if returns:
                live.close_epochs()
            returns.append(_one(live, asked.many, FILLED_MS + OUT_OF_ORDERNESS_MS + number * 1_000))
    return returns


def _one(live: OpenLive, wanted: int, time_ms: int) -> Return:
    """The oldest carts become due at `time_ms`."""
    opened = live.assert_open(wanted)
    store = live.store_bytes()
    kafka = live.place.kafka
    with Arrivals(kafka, ACTIONS) as arrivals:
        resume = resume_after_kill(live, arrivals, is_new=lambda _: True, then=lambda: tick(kafka, time_ms))
    return Return(open_matches=opened, resume=resume, store_bytes=store)
