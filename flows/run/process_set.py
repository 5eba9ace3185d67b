"""The processes of one life of a flow: started together, heard line by line, and ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flows.exit_status import ExitStatus
from flows.loopback import free_addresses

_API_ENABLED: Final = "BYTEWAX_DATAFLOW_API_ENABLED"
_API_PORT: Final = "BYTEWAX_DATAFLOW_API_PORT"
_DEFAULT_API_PORT: Final = 3030
_LAST_WORDS_S: Final = 1.0
"""How long the output of a process that ended may take to arrive."""


@dataclass(frozen=True)
class Asked:
    """What is to run."""

    flow: str
    processes: int
    workers: int
    recovery: Path | None
    epoch_s: float
    backup_s: float
    grace_s: float

    def arguments(self, process: int, addresses: Sequence[str]) -> list[str]:
        """Of ``flows.run.process``."""
        arguments = [self.flow, "--process", str(process), "--workers", str(self.workers)]
        arguments += ["--epoch", str(self.epoch_s), "--grace", str(self.grace_s), "--backup", str(self.backup_s)]
        for address in addresses:
            arguments += ["--address", address]
        return arguments if self.recovery is None else [*arguments, "--recovery", str(self.recovery)]


@dataclass(eq=False)
class FlowProcess:
    """One process; ``status`` once it has ended, as ``subprocess`` has it: below zero, a signal's number."""

    index: int
    process: subprocess.Popen[bytes]
    last_line: str = ""
    status: int | None = None
    _heard: threading.Thread | None = field(default=None, repr=False)

    def hear(self, name: str) -> None:
        """Passes its lines on under its name, each whole, and keeps the last."""
        self._heard = threading.Thread(target=self._pass_on, args=(name,), name=name, daemon=True)
        self._heard.start()

    def has_said_all(self) -> None:
        """Waits for the rest of its output."""
        assert self._heard is not None
        self._heard.join(_LAST_WORDS_S)

    def _pass_on(self, name: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            text = line.decode(errors="replace").rstrip()
            if text:
                self.last_line = text
            sys.stderr.write(f"{name} | {text}\n")
            sys.stderr.flush()

    @property
    def how(self) -> str:
        """How it ended, in words."""
        assert self.status is not None
        if self.status >= 0:
            named = [f" ({each.name.lower()})" for each in ExitStatus if each == self.status]
            return f"ended with status {self.status}{''.join(named)}"
        try:
            name = signal.Signals(-self.status).name
        except ValueError:
            name = f"signal {-self.status}"
        hint = " (kill -9, or out of memory)" if -self.status == signal.SIGKILL else ""
        return f"was killed by {name}{hint}"


class ProcessSet:
    """All processes of one life. ``died`` is called, in a thread of its own, with each that ends."""

    def __init__(self, asked: Asked, died: Callable[[FlowProcess], None], *, held: int | None) -> None:
        """Starts them. ``held``: the descriptor that holds the recovery store, which they inherit."""
        self.started_s = time.monotonic()
        addresses = free_addresses(asked.processes) if asked.processes > 1 else []
        self.members = [self._start(asked, index, addresses, held) for index in range(asked.processes)]
        for each in self.members:
            threading.Thread(target=self._wait_for, args=(each, died), daemon=True).start()

    @property
    def running(self) -> list[FlowProcess]:
        """Those that have not ended."""
        return [each for each in self.members if each.process.poll() is None]

    def stop(self) -> None:
        """Asks all to end in order."""
        for each in self.members:
            assert each.process.stdin is not None
            each.process.stdin.close()

    def kill(self) -> None:
        """Ends at once what still runs, and waits for that."""
        for each in self.members:
            each.process.kill()
        for each in self.members:
            each.process.wait()
            assert each.process.stdin is not None
            each.process.stdin.close()

    def _start(self, asked: Asked, index: int, addresses: list[str], held: int | None) -> FlowProcess:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.run.process", *asked.arguments(index, addresses)],
            env=_environment(index),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the supervisor, which then ends all in order
            pass_fds=[] if held is None else [held],
        )
        member = FlowProcess(index, process)
        member.hear(f"{asked.flow} {index}")
        return member

    @staticmethod
    def _wait_for(member: FlowProcess, died: Callable[[FlowProcess], None]) -> None:
        member.status = member.process.wait()
        member.has_said_all()
        died(member)


def _environment(index: int) -> dict[str, str]:
    """Each process serves its metrics at a port of its own: the one asked for, and those after it."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if _API_ENABLED in environment:
        environment[_API_PORT] = str(int(environment.get(_API_PORT, _DEFAULT_API_PORT)) + index)
    return environment
