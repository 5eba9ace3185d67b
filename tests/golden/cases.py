"""The golden files: for each shipped trigger a file of events beside what must become of its actions, by hand.

A customer's name (of triggers about a product: the product's) says what it is a case of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from config.events import load_event_schemas

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
TRIGGERS: Final = ROOT / "config" / "triggers"
SCORED: Final = TRIGGERS / "scored"
_FILES: Final = {path.stem: path for path in TRIGGERS.rglob("*.yaml")}
NAMES: Final = sorted(_FILES)
SCHEMAS: Final = load_event_schemas(ROOT / "config" / "events")
MAX_OUT_OF_ORDERNESS: Final = "5s"

Row: TypeAlias = dict[str, Any]
_SHOWN: Final = ("event_time", "key", "recipient", "outcome", "reason", "channel", "template", "data")


def trigger_file(name: str) -> Path:
    """The shipped trigger."""
    return _FILES[name]


def events_file(name: str) -> Path:
    """What happens, in order of arrival."""
    return HERE / name / "events.jsonl"


def events(name: str) -> list[Row]:
    """The same, read."""
    return _read(events_file(name))


def expected(name: str) -> list[Row]:
    """What must become of the trigger's actions."""
    return sorted(_read(HERE / name / "expected.jsonl"), key=_by_place)


def shortened(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of a backtest as ``expected`` has them; partial matches that timed out are none of them."""
    short = [
        {word: row[word] for word in _SHOWN} | {"evidence": [each["event_id"] for each in row["evidence"]]}
        for row in rows
        if row["outcome"] != "expired"
    ]
    return sorted(short, key=_by_place)


def all_at_once() -> bytes:
    """All files as one log, each with customers of its own; whatever is late in a file is as late here."""
    arriving: list[tuple[str, bytes]] = []
    for name in NAMES:
        largest = ""
        for row in events(name):
            largest = max(largest, row["event_time"])
            row["event_id"] = f"{name}/{row['event_id']}"
            if "customer_id" in row:
                row["customer_id"] = f"{name}/{row['customer_id']}"
            arriving.append((largest, orjson.dumps(row) + b"\n"))
    arriving.sort(key=lambda each: each[0])
    return b"".join(line for _, line in arriving)


def _read(path: Path) -> list[Row]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def _by_place(row: Row) -> tuple[Any, ...]:
    was_released = row["outcome"] != "deferred"
    return (row["event_time"], row["key"], row["recipient"], row["channel"], row["evidence"], was_released)
