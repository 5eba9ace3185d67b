"""Runs a command as a process of its own and tells what it cost.

Linux gives a child the peak memory of the process it was forked from as its own starting value: keep the
caller small (it holds no workload; generator and reference are processes of their own too).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True)
class Cost:
    """`seconds` is the whole process by the wall; `cpu_seconds` over all its threads, user and system."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    stdout: str


class ChildError(RuntimeError):
    """The command ended with another exit code than 0; the message has the end of what it said."""


def run_child(command: Sequence[str | Path], *, cwd: Path | None = None) -> Cost:
    """Waits for the command. Raises ChildError."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=stdout, stderr=stderr, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        said = stdout.read().decode(errors="replace")
        if process.returncode != 0:
            complaint = stderr.read().decode(errors="replace") or said
            raise ChildError(f"{command[0]} … exit {process.returncode}:\n{complaint[-4000:]}")
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said)


def last_json(stdout: str) -> dict[str, object]:
    """The last line that is a JSON object: a job's report of itself. Empty when there is none."""
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            report: dict[str, object] = orjson.loads(line)
            return report
    return {}
