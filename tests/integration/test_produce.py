"""`python -m flows.produce` against the embedded broker: every line of a file, in order, by key, confirmed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import zstandard

from flows.embedded_broker import EmbeddedBroker
from flows.produce import delivery
from flows.produce.__main__ import BAD_INPUT, INTERRUPTED, NOT_DELIVERED, main
from flows.produce.line import read_line
from flows.produce.pace import at_rate, by_event_time
from tests.integration.live_topics import Read, iso, read_topic
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

START_MS: Final = 1_470_000_000_000


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with EmbeddedBroker() as broker:
        yield broker.bootstrap_servers


@pytest.fixture(autouse=True)
def _settings_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CT_") or name == "KAFKA_BOOTSTRAP_SERVERS":
            monkeypatch.delenv(name)


def event(number: int, at_ms: int) -> bytes:
    return json.dumps(
        {"event_id": f"e-{number}", "type": "page_view", "customer_id": f"c-{number % 7}", "event_time": iso(at_ms)}
    ).encode()


def written(path: Path, lines: list[bytes]) -> Path:
    data = b"".join(line + b"\n" for line in lines)
    compress: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstandard.compress}
    path.write_bytes(compress.get(path.suffix, bytes)(data))
    return path


def produced(broker: str, topic: str, file: Path, *options: str) -> list[Read]:
    """What is on the topic after the command has ended well."""
    assert main(["--events", str(file), "--topic", topic, "--bootstrap-servers", broker, *options]) == 0
    return read_topic(broker, topic)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_every_line_arrives_as_it_is_in_the_order_of_its_customer(broker: str, tmp_path: Path, suffix: str) -> None:
    lines = [event(number, START_MS + number) for number in range(20_000)]
    found = produced(broker, f"all-{suffix}", written(tmp_path / f"events.{suffix}", lines))
    for customer in range(7):
        key = f"c-{customer}".encode()
        assert [read.value for read in found if read.key == key] == lines[customer::7]
    assert len(found) == len(lines)
    assert len({read.partition for read in found}) > 1


def test_the_summary_tells_how_many(broker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    produced(broker, "told", written(tmp_path / "events.jsonl", [event(number, START_MS) for number in range(1_234)]))
    assert "produced 1,234 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({"type": "track", "event": "X", "userId": "u-1", "anonymousId": "a-1"}, b"u-1"),
        ({"type": "track", "event": "X", "userId": None, "anonymousId": "a-1"}, b"a-1"),
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "x", "subject": "s-1"}, b"s-1"),
        ({"event_id": "1", "type": "page_view", "customer_id": "Zoë"}, "Zoë".encode()),
        ({"event_id": "1", "type": "price_changed", "properties": {"product_id": "p-1"}}, None),
        ({"event_id": "1", "type": "page_view", "customer_id": 7}, None),
        ([{"customer_id": "c-1"}], None),
    ],
)
def test_the_key_is_the_customer_whatever_the_envelope(message: Any, key: bytes | None) -> None:
    assert read_line(json.dumps(message).encode()).key == key


def test_garbage_is_produced_as_it_is_without_a_key(broker: str, tmp_path: Path) -> None:
    garbage = [b"\xff\xfe not json", b'{"customer_id": "c-1"', b"[1, 2]", b"7", b'{"customer_id": ""}']
    found = produced(broker, "garbage", written(tmp_path / "garbage.jsonl", garbage))
    assert sorted(read.value for read in found) == sorted(garbage)
    assert {read.key for read in found} == {None}


def test_a_rate_spaces_events_evenly(broker: str, tmp_path: Path) -> None:
    lines = [event(number, START_MS) for number in range(50)]
    times_ms = times_of(produced(broker, "rate", written(tmp_path / "events.jsonl", lines), "--rate", "100"))
    assert times_ms[-1] - times_ms[0] == pytest.approx(490, abs=100)


def test_a_speed_spaces_events_as_their_times_are(broker: str, tmp_path: Path) -> None:
    lines = [event(number, START_MS + at_ms) for number, at_ms in enumerate((0, 0, 20_000, 30_000))]
    times_ms = times_of(produced(broker, "speed", written(tmp_path / "events.jsonl", lines), "--speed", "50x"))
    assert [time_ms - times_ms[0] for time_ms in times_ms] == pytest.approx([0, 0, 400, 600], abs=90)


def times_of(read: list[Read]) -> list[int]:
    """When each was produced, in the order of the file."""
    return [each.time_ms for each in sorted(read, key=lambda each: int(each.json["event_id"][2:]))]


def test_one_clock_that_runs_ahead_holds_nobody_up() -> None:
    lines = [read_line(event(0, START_MS + at_ms)) for at_ms in (0, 1_000, 10**12, 2_000, 1_500, 3_000)]
    assert [due_s for due_s, _ in by_event_time(lines, 1.0)] == [0, 1, 2, 2, 2, 3]


def test_a_line_without_a_time_goes_with_the_one_before_it() -> None:
    lines = [read_line(value) for value in (b"{", event(0, START_MS), event(0, START_MS + 4_000), b"garbage")]
    assert [due_s for due_s, _ in by_event_time(lines, 2.0)] == [0, 0, 2, 2]


def test_no_schedule_goes_back_in_time() -> None:
    lines = [read_line(event(0, START_MS + (number * 7_919) % 1_000)) for number in range(200)]
    for schedule in (by_event_time(lines, 3.0), at_rate(lines, 10)):
        assert all(earlier <= later for (earlier, _), (later, _) in pairwise(schedule))


def test_shifted_to_now_the_first_event_is_now_and_the_distances_stay(broker: str, tmp_path: Path) -> None:
    lines = [event(0, START_MS), event(1, START_MS + 300), b"garbage"]
    before_ms = time.time() * 1_000
    found = produced(broker, "shifted", written(tmp_path / "events.jsonl", lines), "--shift-to", "now")
    first, second = sorted((read for read in found if read.key is not None), key=lambda read: read.json["event_id"])
    shifted = [read_line(read.value).time_us or 0 for read in (first, second)]
    assert shifted[0] / 1_000 == pytest.approx(before_ms, abs=5_000)
    assert shifted[1] - shifted[0] == 300_000
    assert abs(second.time_ms - shifted[1] // 1_000) < 200
    assert first.json | {"event_time": None} == json.loads(lines[0]) | {"event_time": None}


@pytest.mark.parametrize("pace", [["--rate", "10"], ["--speed", "60x"]])
def test_shifted_events_that_would_run_into_the_future_are_refused(
    pace: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--events", "any", "--topic", "any", "--shift-to", "now", *pace])
    assert "--speed 1x" in capsys.readouterr().err


def test_a_message_that_kafka_does_not_take_is_told_and_ends_with_1(
    broker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "large.jsonl", [event(0, START_MS), b'"' + b"x" * 2_000_000 + b'"'])
    assert main(["--events", str(file), "--topic", "large", "--bootstrap-servers", broker]) == NOT_DELIVERED
    said = capsys.readouterr().err
    assert "did not take a message" in said
    assert "produced 1 " in said
    assert "1 more were NOT delivered" in said
    assert len(read_topic(broker, "large")) == 1


def test_no_kafka_at_the_address_is_told_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_TURNS_S", (0.2, 0.3))
    file = written(tmp_path / "events.jsonl", [event(0, START_MS)])
    assert main(["--events", str(file), "--topic", "t", "--bootstrap-servers", "127.0.0.1:1"]) == NOT_DELIVERED
    assert "no Kafka answers at 127.0.0.1:1" in capsys.readouterr().err


def test_a_file_that_is_not_there_ends_with_2(broker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nothing.jsonl"
    assert main(["--events", str(file), "--topic", "t", "--bootstrap-servers", broker]) == BAD_INPUT
    assert f"{file}: cannot be read" in capsys.readouterr().err


def test_a_file_that_is_cut_short_delivers_what_could_be_read_and_ends_with_2(broker: str, tmp_path: Path) -> None:
    file = tmp_path / "cut.jsonl.gz"
    whole = gzip.compress(os.urandom(5_000_000).hex().encode().replace(b"00", b"\n"), 1)
    file.write_bytes(whole[: len(whole) * 99 // 100])
    assert main(["--events", str(file), "--topic", "cut", "--bootstrap-servers", broker]) == BAD_INPUT
    assert read_topic(broker, "cut")


def test_ctrl_c_delivers_what_was_sent_and_says_how_many(broker: str, tmp_path: Path) -> None:
    file = written(tmp_path / "events.jsonl", [event(number, START_MS) for number in range(10_000)])
    command = [sys.executable, "-m", "flows.produce", "--events", file, "--topic", "interrupted", "--rate", "100"]
    with subprocess.Popen([*command, "--bootstrap-servers", broker], stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: read_topic(broker, "interrupted"), what="the first messages", within_s=20)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    found = len(read_topic(broker, "interrupted"))
    assert process.returncode == INTERRUPTED
    assert 0 < found < 10_000
    assert said.startswith(f"interrupted: produced {found:,} ")
