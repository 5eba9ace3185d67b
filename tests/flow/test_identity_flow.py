"""Identity through the command: it is there unless it is left out, and every event is counted once either way."""

import json

import orjson
import pytest

from flows.backtest import main
from tests.harness import event, trigger

WHO = {"anonymous_id": "a1"}
EVENTS = [
    event("view", "0s", customer="a1", context=WHO),
    event("view", "0s", customer="a1", context=WHO),
    event("identify", "1m", context=WHO),
    event("purchase", "2m", customer="a1", context=WHO),
    event("x", "3m", customer="a1", context=WHO),
]


@pytest.mark.parametrize("processes", [["--workers", "1"], ["--workers", "2"], ["--workers", "2", "--readers", "1"]])
@pytest.mark.parametrize(
    ("options", "keys"), [([], ["c1"]), (["--no-identity"], ["a1"]), (["--identity-horizon", "30s"], [])]
)
def test_the_command_identifies_unless_it_is_told_not_to(options, keys, processes, tmp_path, capsys):
    (tmp_path / "t.yaml").write_text(trigger("steps: [{event: view}, {event: purchase}]"))
    (tmp_path / "events").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in EVENTS))
    asked = ["--triggers", str(tmp_path / "t.yaml"), "--events", str(tmp_path / "events"), *processes]
    assert main([*asked, "--out", str(tmp_path / "out"), "--summary", "json", *options]) == 0
    assert [orjson.loads(line)["key"] for line in (tmp_path / "out").read_bytes().splitlines()] == keys
    summary = json.loads(capsys.readouterr().out)
    assert [summary[fate] for fate in ("events", "matched", "duplicate", "late")] == [5, 4, 1, 0]
