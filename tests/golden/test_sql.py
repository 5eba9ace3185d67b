"""SQL over the archived log finds what the triggers find (``docs/queries``).

Over all golden files, over five weeks of a seeded shop, and over a real week where it is there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from flows.file_source import FileSource
from flows.shop_traffic import Plan, shop_traffic
from operators.clock import PartitionClock
from operators.decode import Decoder, Messages
from operators.records import Record
from operators.render import iso_ms
from tests.backtests import run_files
from tests.golden.cases import MAX_OUT_OF_ORDERNESS, NAMES, ROOT, SCHEMAS, SCORED, TRIGGERS, all_at_once
from tests.golden.trigger_sql import QUERIES
from tests.harness import us

SAID = sorted(path.stem for path in QUERIES.glob("*.sql"))
OPENING_US = int(datetime(2026, 2, 9, 10, tzinfo=UTC).timestamp()) * 1_000_000
HOUR_US = 3_600_000_000
ENOUGH = "60s"
"""Covers the disorder of every log."""

Match = tuple[str, tuple[str, ...], str, tuple[str, ...]]
"""(event time, key, recipient, evidence)."""
Found = dict[str, list[Match]]


OnTime = Iterator[tuple[Record, int]]
"""Events that are not late, each with its time in microseconds."""


def golden(folder: Path) -> OnTime:
    file = folder / "golden.jsonl"
    file.write_bytes(all_at_once())
    return of_file(file)


def shop(folder: Path) -> OnTime:
    messages = shop_traffic(Plan(OPENING_US, OPENING_US + 4 * HOUR_US, customers=900))
    decoder = Decoder(schemas=SCHEMAS, max_future_skew_us=us("5m"))
    values, arrivals_us = [each.value for each in messages], [each.arrival_us for each in messages]
    decoded = decoder.decode(Messages(("shop", 0), values, range(len(values)), arrivals_us))
    _, late = PartitionClock(us("60s")).stamp(decoded.event_times_us)
    return without(late, decoded.records, decoded.event_times_us)


def week(folder: Path) -> OnTime:
    file = ROOT.parent / "shared" / "data" / "ga_store_2016_08_week1.jsonl.gz"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    return of_file(file)


LOGS: dict[str, tuple[Callable[[Path], OnTime], set[str]]] = {
    "golden": (golden, set(SAID)),
    "shop": (shop, set(SAID)),
    "week": (
        week,
        {
            *("browse_abandonment", "cart_abandonment", "checkout_abandonment", "post_purchase_thank_you"),
            "session_end_with_cart",
        },
    ),
}
"""By name: what makes a log, and the triggers that must fire on it."""


@pytest.fixture(scope="module", params=LOGS)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Found, Found]:
    """The log's name, what the triggers found in it and what SQL did."""
    folder = tmp_path_factory.mktemp(request.param)
    log, rows = folder / "log.jsonl", folder / "rows.jsonl"
    write(LOGS[request.param][0](folder), log, rows)
    return request.param, fired(log, folder / "out.jsonl"), answered(rows)


def of_file(file: Path) -> OnTime:
    source = FileSource(path=file, decoder=Decoder(schemas=SCHEMAS), max_out_of_orderness_us=us(MAX_OUT_OF_ORDERNESS))
    partition = source.build_part("in", file.name, None)
    final = False
    while not final:
        for chunk in partition.next_batch():
            final = chunk.final
            yield from without(chunk.late, chunk.records, chunk.event_times_us)


def without(late: Collection[int], records: Sequence[Record], times_us: Sequence[int]) -> OnTime:
    left_out = set(late)
    for place, found in enumerate(zip(records, times_us, strict=True)):
        if place not in left_out:
            yield found


def write(events: OnTime, log: Path, rows: Path) -> None:
    """The events as canonical lines, and as rows of the table ``events``."""
    with log.open("wb") as lines, rows.open("wb") as table:
        for offset, (record, time_us) in enumerate(events):
            fields: dict[str, Any] = {
                "event_id": record.event_id,
                "type": record.type,
                "properties": orjson.Fragment(bytes(record.properties)),
                "context": orjson.Fragment(bytes(record.context)),
            }
            if record.customer_id is not None:
                fields["customer_id"] = record.customer_id
            time = iso_ms(time_us)
            lines.write(orjson.dumps(fields | {"event_time": time}) + b"\n")
            table.write(orjson.dumps(fields | {"event_time": time.removesuffix("Z"), "offset": offset}) + b"\n")


def fired(log: Path, out: Path) -> Found:
    """Every match of a backtest, whatever policy made of its actions."""
    triggers = [TRIGGERS / f"{name}.yaml" for name in SAID]
    found = run_files(triggers, log, out, max_out_of_orderness=ENOUGH)
    assert (found.summary.late, found.summary.dead) == (0, 0)
    matches: dict[str, set[Match]] = {name: set() for name in SAID}
    for row in found.rows:
        key = tuple(row["key"]) if isinstance(row["key"], list) else (row["key"],)
        evidence = tuple(each["event_id"] for each in row["evidence"])
        matches[row["trigger"]].add((row["event_time"], key, row["recipient"], evidence))
    return {name: sorted(each) for name, each in matches.items()}


def answered(rows: Path) -> Found:
    """The same from SQL."""
    command = [sys.executable, "-m", "tests.golden.trigger_sql", str(rows)]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found: Found = {name: [] for name in SAID}
    for row in map(orjson.loads, said.splitlines()):
        time = datetime.fromisoformat(row["fired_at"]).isoformat(timespec="milliseconds") + "Z"
        found[row["trigger"]].append((time, tuple(row["key"]), row["recipient"], tuple(row["evidence"])))
    return {name: sorted(each) for name, each in found.items()}


def test_every_shipped_trigger_has_its_query_but_for_one_that_asks_a_model():
    assert [name for name in NAMES if not (SCORED / f"{name}.yaml").exists()] == SAID


@pytest.mark.parametrize("name", SAID)
def test_sql_finds_what_the_trigger_finds(name, both):
    log, triggers, sql = both
    assert sql[name] == triggers[name]
    assert triggers[name] or name not in LOGS[log][1]
