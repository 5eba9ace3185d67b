"""The golden files: for each shipped trigger a file of events beside the actions it must give, written by hand.

A customer's name (of triggers about a product: the product's) says what it is a case of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from config.events import load_event_schemas

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
TRIGGERS: Final = ROOT / "config" / "triggers"
NAMES: Final = sorted(path.stem for path in TRIGGERS.glob("*.yaml"))
SCHEMAS: Final = load_event_schemas(ROOT / "config" / "events")
MAX_OUT_OF_ORDERNESS: Final = "5s"

Row: TypeAlias = dict[str, Any]
_SHOWN: Final = ("event_time", "key", "recipient", "outcome", "channel", "template", "data")


def trigger_file(name: str) -> Path:
    """The shipped trigger."""
    return TRIGGERS / f"{name}.yaml"


def events_file(name: str) -> Path:
    """What happens, in order of arrival."""
    return HERE / name / "events.jsonl"


def events(name: str) -> list[Row]:
    """The same, read."""
    return _read(events_file(name))


def expected(name: str) -> list[Row]:
    """The actions that the trigger must give."""
    return sorted(_read(HERE / name / "expected.jsonl"), key=_by_place)


def shortened(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of a backtest as ``expected`` has them; partial matches that timed out are none of them."""
    short = [
        {word: row[word] for word in _SHOWN} | {"evidence": [each["event_id"] for each in row["evidence"]]}
        for row in rows
        if row["outcome"] != "expired"
    ]
    return sorted(short, key=_by_place)


def all_in_a_row() -> bytes:
    """All files as one: each begins a hundred days after the one before it, with customers of its own."""
    return b"".join(_moved(name, timedelta(days=100 * place)) for place, name in enumerate(NAMES))


def _moved(name: str, later: timedelta) -> bytes:
    rows = events(name)
    for row in rows:
        row["event_time"] = (datetime.fromisoformat(row["event_time"]) + later).isoformat(timespec="milliseconds")
        row["event_id"] = f"{name}/{row['event_id']}"
        if "customer_id" in row:
            row["customer_id"] = f"{name}/{row['customer_id']}"
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _read(path: Path) -> list[Row]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def _by_place(row: Row) -> tuple[Any, ...]:
    return (row["event_time"], row["key"], row["recipient"], row["channel"], row["template"], row["evidence"])
