"""Runs a command as a process of its own and tells what it cost.

Linux gives a child the peak memory of the process it was forked from as its own starting value: keep the
caller small (it holds no workload; generator and reference are processes of their own too).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

_LOOK_S = 0.005


@dataclass(frozen=True)
class Cost:
    """`seconds` is the whole process by the wall; `cpu_seconds` over all its threads, user and system."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    stdout: str
    reached_s: Mapping[int, float] = field(default_factory=dict)
    """When the file that was watched had been read up to an offset, from the process's start."""


class ChildError(RuntimeError):
    """The command ended with another exit code than 0; the message has the end of what it said."""


def run_child(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    watched: Path | None = None,
    offsets: Sequence[int] = (),
) -> Cost:
    """Waits for the command; tells when it had read `watched` up to each of the offsets. Raises ChildError."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=stdout, stderr=stderr, cwd=cwd)
        reached: dict[int, float] = {}
        if watched is not None:
            args = (process.pid, watched, sorted(offsets), started, reached)
            threading.Thread(target=_watch, args=args, daemon=True).start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        said = stdout.read().decode(errors="replace")
        if process.returncode != 0:
            complaint = stderr.read().decode(errors="replace") or said
            raise ChildError(f"{command[0]} … exit {process.returncode}:\n{complaint[-4000:]}")
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said, reached)


def _watch(process_id: int, file: Path, offsets: Sequence[int], started: float, reached: dict[int, float]) -> None:
    """Asks Linux where the process stands in the file, until it has gone or has read that far."""
    folder, waiting = Path(f"/proc/{process_id}"), list(offsets)
    descriptor: Path | None = None
    while waiting:
        try:
            if descriptor is None:
                found = [each for each in (folder / "fd").iterdir() if os.readlink(each) == str(file)]
                descriptor = folder / "fdinfo" / found[0].name if found else None
            else:
                position = int(descriptor.read_text().split("pos:")[1].split()[0])
                while waiting and position >= waiting[0]:
                    reached[waiting.pop(0)] = time.perf_counter() - started
        except (FileNotFoundError, ProcessLookupError):
            if descriptor is not None:  # closed: it has been read
                reached |= dict.fromkeys(waiting, time.perf_counter() - started)
                return
            if not folder.exists():
                return
        time.sleep(_LOOK_S)


def last_json(stdout: str) -> dict[str, object]:
    """The last line that is a JSON object: a job's report of itself. Empty when there is none."""
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            report: dict[str, object] = orjson.loads(line)
            return report
    return {}
