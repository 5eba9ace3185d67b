"""Runs the rule on Quix Streams over a topic, in a venv of its own: it is no dependency of the project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import orjson

from benchmarks.broker import create_topic
from benchmarks.child import last_json, run_child
from benchmarks.live_run import Backlog
from benchmarks.peers.caught_up import CaughtUp, check
from benchmarks.peers.maven import FOLDER

VERSION = "3.28.1"
VENV = FOLDER / "target" / f"quix-{VERSION}"
PYTHON = VENV / "bin" / "python"
LIBRARIES = ("quixstreams", "confluent-kafka", "rocksdict", "orjson")


class QuixInstallError(RuntimeError):
    """pip could not install it; the message has the end of what it said."""


def install() -> None:
    """Makes the venv unless it is whole already. Raises QuixInstallError."""
    stamp = VENV / "installed"
    if stamp.is_file():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"quixstreams=={VERSION}")
    for command in ((sys.executable, "-m", "venv", str(VENV)), pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise QuixInstallError(f"Quix Streams could not be installed: {(done.stdout + done.stderr)[-300:]}")
    stamp.touch()


def versions() -> dict[str, str]:
    """Of it and of what it stands on."""
    ask = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {LIBRARIES}}}))"
    found: dict[str, str] = orjson.loads(run_child([PYTHON, "-c", ask]).stdout)
    return found


def run(backlog: Backlog, folder: Path, *, prefilter: bool) -> CaughtUp:
    """Raises ChildError, WrongAnswerError."""
    actions = f"actions-{uuid4().hex}"
    create_topic(backlog.bootstrap_servers, actions, partitions=1)
    cost = run_child(
        [
            PYTHON,
            *("-I", FOLDER / "quix_abandonment.py", backlog.bootstrap_servers, backlog.topic, actions),
            *(str(backlog.expected.counts.lines), folder / "state", str(prefilter).lower()),
        ],
        cwd=folder,
    )
    check("Quix Streams", backlog, actions)
    return CaughtUp.of(cost, last_json(cost.stdout))
