"""Dead letters sent again: once, whatever happens to the run, and only what is an event now."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.settings import load_settings
from flows.redrive.__main__ import redrive as redriven
from flows.redrive.options import read_options
from operators.clock import system_time_us
from operators.records import DeadLetter
from sinks.clickhouse.archive import ArchiveSink
from tests.clickhouse_gateway import ClickHouseGateway
from tests.flow_process import ROOT
from tests.integration.live_site import Site
from tests.integration.live_topics import Read, Sent, event, iso, read_topic
from tests.unit.sinks.samples import chunk
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

START_MS = 1_767_600_000_000
MARKING = r"INSERT INTO \S*redriven\b"
SINCE = ["--since", "2026-01-05T00:00:00Z"]


def view(number: int, **changes: object) -> bytes:
    fields = {"event_id": f"e{number}", "type": "view", "customer_id": "c", "event_time": START_MS + number, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def letter(site: Site, offset: int, raw: bytes, reason: str = "schema_violation", **changes: object) -> DeadLetter:
    given = {"raw_key": b"c", "origin": (site.topic, 2), "record_time_us": (START_MS + offset) * 1_000, **changes}
    return DeadLetter(reason=reason, message="was wrong", raw=raw, offset=offset, **given)  # type: ignore[arg-type]


def bury(site: Site, letters: Sequence[DeadLetter]) -> None:
    """Into the table as the archive writes them."""
    partition = ArchiveSink(site.clickhouse, ["any"]).build_part("archive", "any", None)
    partition.write_batch([chunk([], dead=letters)])
    partition.snapshot()
    partition.close()


def start(site: Site, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.redrive", *SINCE, *arguments],
        env={**environment, **site.environment(), "PYTHONPATH": str(ROOT)},
        cwd=site.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def redrive(site: Site, *arguments: str) -> str:
    """In this process; what it would print."""
    options = read_options([*SINCE, *arguments], system_time_us())
    return redriven(options, load_settings(site.environment()), "").text()


def on_topic(site: Site) -> list[Read]:
    return read_topic(site.kafka, site.topic)


def marks(site: Site) -> list[tuple[int, int, int]]:
    return site.rows("SELECT `offset`, new_partition, new_offset FROM redriven FINAL ORDER BY `offset`")


def test_an_excused_message_goes_back_as_it_came_to_where_it_was(site: Site) -> None:
    headers = [("trace", b"\xff\x00"), ("empty", None), ("trace", b"2")]
    bury(site, [letter(site, 7, view(7), headers=headers), letter(site, 8, view(8), raw_key=None)])
    out = redrive(site, "--reason", "schema_violation")
    first, second = on_topic(site)
    assert (first.value, first.key, first.partition) == (view(7), b"c", 2)
    came_from = f"{site.topic}/2/7/{START_MS + 7}".encode()
    assert first.headers == {"trace": b"2", "empty": None, "redriven_from": came_from}
    assert (second.value, second.key, second.partition) == (view(8), None, 2)
    assert marks(site) == [(7, 2, first.offset), (8, 2, second.offset)]
    assert "schema_violation      2          2      0" in out
    assert "2 of 2 events are older than max_out_of_orderness (5s)" in out


def test_what_went_back_once_does_not_go_again(site: Site) -> None:
    bury(site, [letter(site, 7, view(7))])
    redrive(site, "--reason", "schema_violation")
    assert "No dead letter of that kind" in redrive(site, "--reason", "schema_violation")
    assert len(on_topic(site)) == 1


def test_only_what_is_asked_for_goes_back(site: Site) -> None:
    hour = 3_600_000
    bury(
        site,
        [
            letter(site, 1, view(1)),
            letter(site, 2, view(2), reason="missing_field"),
            letter(site, 3, view(3), reason="malformed_json"),
            *(letter(site, 4 + i, view(4 + i), record_time_us=(START_MS + i * hour) * 1_000) for i in range(3)),
            letter(site, 9, view(9), origin=("another-topic", 0)),
        ],
    )
    until = ["--until", iso(START_MS + 2 * hour)]
    redrive(site, "--reason", "missing_field,schema_violation", "--since", iso(START_MS + 2), *until)
    assert sorted(read.json["event_id"] for read in on_topic(site)) == ["e2", "e5"]


def test_what_would_be_a_dead_letter_again_stays_with_its_reason(site: Site) -> None:
    bury(
        site,
        [
            letter(site, 1, b"{"),
            letter(site, 2, view(2, customer_id=None)),
            letter(site, 3, view(3)),
            letter(site, 4, view(4, event_time="2100-01-01T00:00:00Z")),
        ],
    )
    out = redrive(site, "--reason", "schema_violation")
    assert [read.json["event_id"] for read in on_topic(site)] == ["e3"]
    assert "schema_violation      4          1      3  1 malformed_json, 1 missing_customer, 1 future_event_time" in out
    assert "stays: missing_customer: customer_id: required for type 'view'" in out
    assert [mark[0] for mark in marks(site)] == [3]


def test_what_was_ahead_of_its_time_is_an_event_once_that_has_come(site: Site) -> None:
    bury(site, [letter(site, 1, view(1), "future_event_time", record_time_us=(START_MS - 600_000) * 1_000)])
    redrive(site, "--reason", "future_event_time")
    (read,) = on_topic(site)
    assert read.time_ms > START_MS + 300_000


def test_an_event_timed_by_its_arrival_keeps_the_time_it_first_arrived_at(site: Site) -> None:
    site.settings[f"CT_TOPICS__{site.topic}__ENVELOPE"] = "cloudevents"
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"view")]
    with_time = [*headers, ("ce_time", b"2026-01-05T08:00:00Z")]
    raw = b'{"customer_id":"c"}'
    bury(site, [letter(site, 1, raw, headers=headers), letter(site, 2, raw, headers=with_time)])
    redrive(site, "--reason", "schema_violation")
    times = {read.headers["redriven_from"]: read.time_ms for read in on_topic(site)}
    first, second = sorted(times)
    assert times[first] == START_MS + 1
    assert times[second] > START_MS + 1_000_000


def test_a_dry_run_says_what_would_be_done_and_does_nothing(site: Site) -> None:
    bury(site, [letter(site, 1, view(1)), letter(site, 2, b"{")])
    out = redrive(site, "--reason", "schema_violation", "--dry-run")
    assert "would go back" in out
    assert f"{site.topic}/2 offset 1 (schema_violation, 2026-01-05T08:00:00.001Z) goes back, event time" in out
    assert f"{site.topic}/2 offset 2 (schema_violation, 2026-01-05T08:00:00.002Z) stays: malformed_json" in out
    assert on_topic(site) == []
    assert site.rows("SELECT * FROM redriven") == site.rows("SELECT * FROM redrive_runs") == []


def test_messages_are_repaired_by_a_function_and_by_changes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site.folder)
    (site.folder / "mending.py").write_text(
        "def mend(raw):\n"
        "    if b'e3' in raw:\n        return None\n"
        "    if b'e4' in raw:\n        raise KeyError('e4')\n"
        "    return raw.replace(b\"'\", b'\"')\n"
    )
    big = b'{"price":12345678901234567890.1234567890123,"old":1}'
    raw = view(1, properties={"price": 1})[:-1].replace(b'{"price": 1}', big)
    bury(site, [letter(site, 1, raw + b"}".replace(b'"', b"'")), *(letter(site, n, view(n)) for n in (3, 4))])
    out = redrive(
        site,
        *("--reason", "schema_violation", "--repair", "mending:mend"),
        *("--set", "properties.currency=EUR", "--set", "context.tags=[1]", "--drop", "properties.old"),
    )
    (read,) = on_topic(site)
    assert b'"properties":{"price":12345678901234567890.1234567890123,"currency":"EUR"}' in read.value
    assert b'"context":{"tags":[1]}' in read.value
    assert "1 left_by_the_repair, 1 irreparable" in out
    assert "the repair raised KeyError: 'e4'" in out


def test_what_failed_again_goes_back_only_if_asked(site: Site) -> None:
    bury(site, [letter(site, 1, view(1), headers=[("redriven_from", b"t/0/1/1")])])
    assert "No dead letter of that kind" in redrive(site, "--reason", "schema_violation")
    redrive(site, "--reason", "schema_violation", "--again")
    (read,) = on_topic(site)
    assert read.headers["redriven_from"] == f"{site.topic}/2/1/{START_MS + 1}".encode()


def test_a_run_that_dies_between_sending_and_marking_is_finished_by_the_next(
    site: Site, clickhouse_gateway: ClickHouseGateway
) -> None:
    bury(site, [letter(site, offset, view(offset)) for offset in range(700)])
    clickhouse_gateway.faults.stall(matching=MARKING)
    dying = start(site, "--reason", "schema_violation")
    clickhouse_gateway.faults.wait_until_held(timeout_s=60)
    dying.kill()
    dying.communicate()
    clickhouse_gateway.faults.clear()
    assert (len(on_topic(site)), marks(site)) == (500, [])
    assert "1 earlier run was cut" in redrive(site, "--reason", "schema_violation", "--dry-run")
    finishing = start(site, "--reason", "schema_violation")
    out, err = finishing.communicate(timeout=60)
    assert finishing.returncode == 0, err
    assert "500 messages that an earlier run had sent before it was cut are marked now" in out
    everything_is_back_once(site, 700)


def test_runs_killed_at_any_moment_send_each_message_once(site: Site) -> None:
    bury(site, [letter(site, offset, view(offset)) for offset in range(3_000)])
    for sent in (1, 900, 1_400):
        kill_once_sent(site, sent)
    redrive(site, "--reason", "schema_violation")
    everything_is_back_once(site, 3_000)


def test_of_two_runs_at_once_one_sends(site: Site, clickhouse_gateway: ClickHouseGateway) -> None:
    """The first is held where it has sent a part; the second ends it, finds that part and sends the others."""
    bury(site, [letter(site, offset, view(offset)) for offset in range(1_200)])
    clickhouse_gateway.faults.stall(matching=MARKING, times=1)
    first = start(site, "--reason", "schema_violation")
    clickhouse_gateway.faults.wait_until_held(timeout_s=60)
    redrive(site, "--reason", "schema_violation")
    clickhouse_gateway.faults.clear()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 1, out
    assert "another one has begun, and goes on with what is left" in err
    everything_is_back_once(site, 1_200)


def test_a_message_that_does_not_fit_any_more_stays_and_stops_no_other(site: Site) -> None:
    """It came with 1 MB, and nothing that compresses; the header that says whence is too much."""
    random = b64encode(os.urandom(786_330)).decode()
    bury(site, [letter(site, 1, view(1)), letter(site, 2, view(2, properties={"x": random})), letter(site, 3, view(3))])
    out = redrive(site, "--reason", "schema_violation")
    assert [read.json["event_id"] for read in on_topic(site)] == ["e1", "e3"]
    assert [mark[0] for mark in marks(site)] == [1, 3]
    assert "1 too_large_for_the_topic" in out


def test_dead_letters_of_a_flow_are_its_events_when_the_fault_is_mended(site: Site, tmp_path: Path) -> None:
    """A schema that asked too much is corrected; the flow goes on meanwhile, and resumes over the transaction."""
    site.abandonment()
    asking = "event: view\nproperties:\n  shelf: {}\n"
    schemas = tmp_path / "events"
    schemas.mkdir()
    site.settings["CT_EVENTS_FOLDER"] = str(schemas)
    (schemas / "view.yaml").write_text(asking.format("{type: string, required: true}"))
    site.produce([Sent(view(number), b"c", START_MS + number) for number in range(20)])
    with site.flow() as flow:
        flow.wait_until(lambda: site.number("SELECT count() FROM dead_letters") == 20, what="dead letters")
    (schemas / "view.yaml").write_text(asking.format("{type: string}"))
    recovery = site.recovery_store()
    with site.flow(recovery=recovery) as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") >= 20, what="the log")
        redrive(site, "--reason", "schema_violation")
        site.produce([event("last", "view", "c", START_MS + 3_600_000)])
        flow.wait_until(lambda: site.number("SELECT count() FROM events WHERE event_id = 'last'") == 1, what="the last")
        flow.wait_until(lambda: site.number("SELECT count() FROM events") >= 21, what="events")
    counts = "SELECT uniqExact(event_id) FROM events"
    assert site.number(counts) == 21


def kill_once_sent(site: Site, count: int) -> None:
    dying = start(site, "--reason", "schema_violation")
    wait_until(lambda: dying.poll() is not None or len(on_topic(site)) >= count, what="something sent", within_s=60)
    dying.kill()
    dying.communicate()


def everything_is_back_once(site: Site, count: int) -> None:
    read = on_topic(site)
    assert len(read) == count
    assert {each.json["event_id"] for each in read} == {f"e{offset}" for offset in range(count)}
    offsets = [int(each.headers["redriven_from"].split(b"/")[2]) for each in read]
    assert offsets == sorted(offsets), "the order of the Kafka partition"
    assert marks(site) == [
        (offset, each.partition, each.offset) for offset, each in sorted(zip(offsets, read, strict=True))
    ]
