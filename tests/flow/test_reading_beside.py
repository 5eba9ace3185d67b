"""A process of its own reads, decodes and routes: the answer is the same, and what goes wrong there is told here."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest

from config.errors import ConfigError
from flows.backtest import Backtest, main
from flows.backtest import run as run_backtest
from flows.beside.reader import Reader
from flows.cluster import WorkerDied
from tests.backtests import run_flow
from tests.harness import event, trigger

ROOT = Path(__file__).parents[2]
WHO = {"anonymous_id": "a1"}
EVENTS = [
    event("view", "0s", customer="a1", context=WHO, product_id="p"),
    event("view", "0s", customer="a1", context=WHO, product_id="p"),
    event("identify", "1m", context=WHO),
    "no event at all",
    event("purchase", "2m", product_id="p"),
    event("purchase", "2m", product_id="p"),
    {"watermark": "2026-01-05T10:05:00Z"},
    event("view", "3m", product_id="p"),
    event("restocked", "6m", customer="shop", product_id="p"),
]
TRIGGERS = [
    trigger("steps: [{event: view}, {event: purchase}]", name="bought"),
    trigger(
        """\
        steps: [{event: view}, {event: restocked, key: [properties.product_id]}]
        key: [properties.product_id]
        per: customer_id
        """,
        name="restocked",
    ),
]


ON_ARRIVAL = trigger("steps: [{event: purchase}]", name="thanked")
"""With it only the key groups can tell copies apart."""


@pytest.mark.parametrize(
    ("workers", "chunk_size", "more"), [(1, None, []), (1, 2, []), (2, None, []), (2, 2, []), (2, 2, [ON_ARRIVAL])]
)
def test_what_a_reader_gives_is_what_a_worker_reads(workers, chunk_size, more, tmp_path):
    asked = {"workers": workers, "chunk_size": chunk_size, "at_end": "flush"}
    here, beside = (run_flow([*TRIGGERS, *more], EVENTS, tmp_path, readers=readers, **asked) for readers in (0, 1))
    assert beside.lines == here.lines
    assert {row["trigger"] for row in here.rows} == {"bought", "restocked", *(["thanked"] if more else [])}
    here.summary.seconds = beside.summary.seconds
    assert beside.summary == here.summary
    assert (here.summary.read, here.summary.dead, here.summary.late, here.summary.duplicate) == (8, 1, 1, 2)


def test_a_damaged_file_is_told_as_if_a_worker_read_it(tmp_path, capsys):
    file = tmp_path / "events.gz"
    whole = gzip.compress(b"".join(orjson.dumps(each) + b"\n" for each in EVENTS))
    file.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "t.yaml").write_text(TRIGGERS[0])
    asked = ["--triggers", str(tmp_path / "t.yaml"), "--events", str(file)]
    said = []
    for readers in ("0", "1"):
        assert main([*asked, "--readers", readers]) == 2
        said.append(capsys.readouterr().err)
    assert "cut short or damaged" in said[0]
    assert said[1] == said[0]


def test_a_reader_that_is_killed_ends_the_run(tmp_path, monkeypatch):
    file = tmp_path / "events"
    os.mkfifo(file)  # it gives nothing, and does not end
    (tmp_path / "t.yaml").write_text(TRIGGERS[0])
    started = []
    enter = Reader.__enter__

    def entered(reader: Reader) -> Reader:
        enter(reader)
        started.append(reader.process_id)
        threading.Timer(0.5, os.kill, (reader.process_id, signal.SIGKILL)).start()
        return reader

    monkeypatch.setattr(Reader, "__enter__", entered)
    writer = os.open(file, os.O_RDWR)
    try:
        with pytest.raises(WorkerDied, match="the process that reads the file ended before the file did"):
            run_backtest(Backtest(triggers=(tmp_path / "t.yaml",), events=Path(file), readers=1))
    finally:
        os.close(writer)
    assert len(started) == 1


@pytest.mark.parametrize("readers", [0, 1])
def test_a_bad_event_schema_is_told_before_anything_is_read(readers, tmp_path):
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    (schemas / "view.yaml").write_text("type: [")
    (tmp_path / "t.yaml").write_text(TRIGGERS[0])
    (tmp_path / "events").write_bytes(orjson.dumps(EVENTS[0]) + b"\n")
    asked = Backtest(
        triggers=(tmp_path / "t.yaml",), events=tmp_path / "events", event_schemas=schemas, readers=readers
    )
    with pytest.raises(ConfigError, match=r"view\.yaml"):
        run_backtest(asked)


BROKEN = """
import sys
from flows.backtest import main
from flows.file_source import FileSource

def broken(*_):
    raise ZeroDivisionError("in the reader")

FileSource.build_part = broken
sys.exit(main(sys.argv[1:], alone=True))
"""


def in_a_process_of_its_own(how, folder):
    """The command over the events; ``how`` Python is told what to run."""
    (folder / "t.yaml").write_text(TRIGGERS[0])
    (folder / "events").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in EVENTS))
    asked = ["--triggers", str(folder / "t.yaml"), "--events", str(folder / "events"), "--summary", "json"]
    return subprocess.run(
        [sys.executable, *how, *asked, "--readers", "1"], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_what_goes_wrong_in_the_reader_ends_the_run_with_its_name(tmp_path):
    ended = in_a_process_of_its_own(["-c", BROKEN], tmp_path)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    said = "the process that reads the file failed: ZeroDivisionError('in the reader')"
    assert ended.stderr.splitlines()[-1] == said


def test_the_command_may_fork_its_reader(tmp_path):
    """A process of its own has no threads; the other tests' process has, so they start the reader anew."""
    ended = in_a_process_of_its_own(["-m", "flows.backtest"], tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    summary = json.loads(ended.stdout)
    assert (summary["read"], summary["dead"], summary["late"], summary["duplicate"]) == (8, 1, 1, 2)
    assert summary["actions"] == {"bought": 1}
