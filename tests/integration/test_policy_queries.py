"""The queries of ``docs/policy.md`` against the real engine, over decisions that the policy made."""

import re
import uuid
from pathlib import Path

import orjson
import pytest

from config.clickhouse_url import ClickHouseUrl
from operators.clock import PartitionClock
from operators.decode import Decoder, Messages
from operators.policy.shares import is_held_out
from operators.records import Chunk
from sinks.clickhouse.archive import ArchiveSink
from sinks.clickhouse.client import connect
from sinks.clickhouse.decisions import DecisionSink
from tests.clickhouse_gateway import ClickHouseGateway
from tests.deciding import rule
from tests.harness import event, run

pytestmark = pytest.mark.integration

QUERIES = re.findall(
    r"```sql\n(.*?)```", (Path(__file__).parents[2] / "docs" / "policy.md").read_text(), flags=re.DOTALL
)
HELD_BACK, LOST_REACH, LIFT, WAITING = QUERIES
CUSTOMERS = [f"c{n}" for n in range(40)]
TEXTS = [
    rule("holdout: 50%, cooldown: 1d", name="tried"),
    rule("where: {properties.n: {gte: 30}}", name="picky", rest="actions: [{channel: push, template: x}]"),
    rule(
        "cooldown: 1s",
        name="later",
        match="steps: [{event: b}]",
        rest="actions: [{channel: sms, template: x, after: 1h}]",
    ),
]
# Every third customer buys; a purchase after eight days does not count.
EVENTS = [
    *(event("a", "0s", customer=each, n=n) for n, each in enumerate(CUSTOMERS)),
    *(event("a", "1h", customer=each, n=0) for each in CUSTOMERS),
    *(event("purchase", "2d", customer=each) for n, each in enumerate(CUSTOMERS) if n % 3 == 0),
    *(event("purchase", "8d", customer=each) for each in CUSTOMERS),
    event("b", "8d", customer="done"),
    event("b", "9d", customer="waits"),
]
HELD_OUT = {each for each in CUSTOMERS if is_held_out(each, "tried", 0.5)}


@pytest.fixture
def url(clickhouse_gateway: ClickHouseGateway) -> ClickHouseUrl:
    """A database with these events and what was decided about them."""
    address = ClickHouseUrl(
        "http", host=clickhouse_gateway.host, port=clickhouse_gateway.port, database=f"test_{uuid.uuid4().hex}"
    )
    lines = [orjson.dumps(each) for each in EVENTS]
    places = list(range(len(lines)))
    decoded = Decoder().decode(Messages(("events", 0), lines, places, [0] * len(lines)))
    stamps, late = PartitionClock(0).stamp(decoded.event_times_us)
    archive = ArchiveSink(address, ["events/0"]).build_part("archive", "events/0", None)
    archive.write_batch(
        [
            Chunk(
                ("events", 0), (("events", 0),), decoded.records, decoded.event_times_us, places, [0] * len(lines),
                [0] * len(lines), stamps, late, [], 0,
            )
        ]
    )  # fmt: skip
    archive.snapshot()
    archive.close()
    sink = DecisionSink(address, ["00"], now_us=lambda: 1_767_607_200_000_000).build_part("decisions", "00", None)
    sink.write_batch([run(TEXTS, EVENTS).told])
    sink.snapshot()
    sink.close()
    return address


def asked(url: ClickHouseUrl, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connect(url).query(sql).result_rows]


def test_what_was_held_back_by_reason(url: ClickHouseUrl) -> None:
    reached = len(CUSTOMERS) - len(HELD_OUT)
    assert asked(url, HELD_BACK) == [
        ("picky", "where", 70, 40),
        ("tried", "holdout", 2 * len(HELD_OUT), len(HELD_OUT)),
        ("tried", "cooldown", reached, reached),
    ]


def test_whom_a_trigger_never_reached(url: ClickHouseUrl) -> None:
    assert asked(url, LOST_REACH) == [("picky", "where", 30), ("tried", "holdout", len(HELD_OUT))]


def test_lift_is_what_was_bought_in_a_week_by_those_reached_and_those_held_out(url: ClickHouseUrl) -> None:
    buyers = {each for n, each in enumerate(CUSTOMERS) if n % 3 == 0}
    rows = {row[0]: row[1:] for row in asked(url, LIFT)}
    reached = set(CUSTOMERS) - HELD_OUT
    assert 10 < len(HELD_OUT) < 30
    of_reached, of_held_out = len(buyers & reached) / len(reached), len(buyers & HELD_OUT) / len(HELD_OUT)
    assert rows["tried"] == (
        len(reached), len(HELD_OUT), pytest.approx(of_reached), pytest.approx(of_held_out),
        pytest.approx(of_reached - of_held_out),
    )  # fmt: skip
    assert rows["picky"][:2] == (10, 0)


def test_what_still_waits(url: ClickHouseUrl) -> None:
    ((trigger, _, recipient, until),) = asked(url, WAITING)
    assert (trigger, recipient, f"{until:%Y-%m-%d %H:%M}") == ("later", "waits", "2026-01-14 11:00")
