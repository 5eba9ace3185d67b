"""A live flow as its users run it, `python -m bytewax.run …`, with what it serves under /metrics and what it costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from tests.flow_process import flow_environment, served_metrics
from tests.loopback_port import free_port

EPOCH_S = 5
"""As README starts a flow. Each epoch's end waits until everything is in the tables: at 2 s that costs a fifth more."""
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_STOP_TIMEOUT_S = 60.0
_TAIL_CHARS = 4_000


class FlowFailedError(RuntimeError):
    """A flow ended, or did not come to what was waited for; the message has the end of what it printed."""


@dataclass(frozen=True)
class Scrape:
    """One look at a flow: when, what it served, and what it had cost by then. Empty while it does not serve."""

    at_s: float
    cpu_seconds: float
    values: Mapping[tuple[str, str], float]

    def of(self, name: str, label: str = "") -> float:
        """The sample of this name; `label` is the value of its only label. 0 where there is none."""
        return self.values.get((f"customer_triggers_{name}", label), 0.0)


class LiveFlow:
    """One process with one worker, an epoch of so many seconds and a recovery store; a context manager that kills it.

    `target` is what `bytewax.run` imports; `settings` come instead of those of the environment.
    """

    def __init__(self, target: str, settings: Mapping[str, str], *, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._log = folder / "flow.log"
        recovery = folder / "recovery"
        recovery.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "bytewax.recovery", str(recovery), "1"], check=True, cwd=folder)
        self._command = [
            sys.executable,
            *("-m", "bytewax.run", target, "-r", str(recovery), "-s", str(EPOCH_S), "-b", "0"),
        ]
        self._environment = flow_environment(settings, port=self._port)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,  # Bytewax leaves a dataflow.json there
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the benchmark, which then ends the flow
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def check(self) -> None:
        """Raises FlowFailedError where it has ended."""
        if self._process.poll() is not None:
            raise FlowFailedError(f"the flow ended with status {self._process.returncode}. {self.tail()}")

    def scrape(self) -> Scrape:
        """Raises FlowFailedError where the flow has ended."""
        self.check()
        at_s = time.perf_counter()
        text = served_metrics(self._port, within_s=30.0)
        values = {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in text_string_to_metric_families(text)
            if family.name.startswith("customer_triggers_")
            for sample in family.samples
            if len(sample.labels) <= 1
        }
        return Scrape(at_s, self.cpu_seconds(), values)

    def stop(self) -> None:
        """As Ctrl-C would. Raises FlowFailedError where it does not end."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise FlowFailedError(f"the flow did not end within {_STOP_TIMEOUT_S} s. {self.tail()}") from None

    def peak_rss_bytes(self) -> int:
        """So far."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0

    def tail(self) -> str:
        return f"The end of its output:\n{self._log.read_text(errors='replace')[-_TAIL_CHARS:]}"

    def cpu_seconds(self) -> float:
        """Of all its threads, user and system, since it began."""
        return process_cpu_seconds(self._process.pid)


def process_cpu_seconds(process_id: int) -> float:
    """Of a process that runs: all its threads, user and system."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
