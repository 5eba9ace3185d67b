"""A flow under its supervisor, `python -m flows.run`, watched from outside: what it says when, and its metrics."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.live_flow import FlowFailedError, process_cpu_seconds
from tests.flow_process import flow_environment, served_metrics
from tests.loopback_port import LOOPBACK, free_port

_STOP_TIMEOUT_S = 120.0
_STARTED = re.compile(r"started; process ids (.*)$")


class SupervisedRun:
    """A context manager that kills it. `said` has every line with the moment it came."""

    def __init__(
        self, flow: str, settings: Mapping[str, str], *, folder: Path, processes: int, arguments: Sequence[str] = ()
    ) -> None:
        self._processes = processes
        self._folder = folder
        self._port = free_port()
        self.said: list[tuple[float, str]] = []
        self._command = [
            sys.executable,
            *("-m", "flows.run", flow, "--processes", str(processes), "-r", str(folder / "recovery"), *arguments),
        ]
        self._environment = flow_environment(settings, port=self._port)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def process_ids(self) -> list[int]:
        """Of the processes that run; empty before the first have started."""
        for _, line in reversed(self.said):
            if found := _STARTED.search(line):
                return [int(each) for each in found[1].split(",")]
        return []

    def starts(self) -> list[float]:
        """When sets of processes were started."""
        return [at_s for at_s, line in self.said if _STARTED.search(line)]

    def total(self, name: str) -> float:
        """The sum of a metric of ours over all processes; minus one while one of them does not serve."""
        return self._sum(f"customer_triggers_{name}")

    def engine_total(self, name: str, *, step: str = "") -> float:
        """The same of a metric of Bytewax's own; only of that step where one is named."""
        return self._sum(f"bytewax_{name}", step)

    def serves(self) -> bool:
        """Whether all processes listen for who asks for their metrics; asks for none, which would cost them time."""
        for process in range(self._processes):
            try:
                socket.create_connection((LOOPBACK, self._port + process), timeout=5).close()
            except OSError:
                return False
        return True

    def cpu_seconds(self) -> float:
        """Of the processes that run, since they began."""
        return sum(process_cpu_seconds(each) for each in self.process_ids)

    def check(self) -> None:
        """Raises FlowFailedError where it has ended."""
        if self._process.poll() is not None:
            said = "\n".join(line for _, line in self.said[-30:])
            raise FlowFailedError(f"flows.run ended with status {self._process.returncode}. The last it said:\n{said}")

    def _sum(self, name: str, step: str = "") -> float:
        values = [self._of(process, name, step) for process in range(self._processes)]
        return -1.0 if None in values else sum(value for value in values if value is not None)

    def _of(self, process: int, name: str, step: str) -> float | None:
        text = served_metrics(self._port + process, within_s=30.0)
        if not text:
            return None
        families = text_string_to_metric_families(text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and sample.labels.get("step_id", "").endswith(f".{step}" if step else "")
        )

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append((time.monotonic(), line.rstrip()))
