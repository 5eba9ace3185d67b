"""A live flow as its users run it: `python -m bytewax.run flows.NAME`, a process of its own to stop, kill and ask."""

from __future__ import annotations

import atexit
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from tests.flow_process import flow_environment, served_metrics
from tests.loopback_port import free_port
from tests.waiting import wait_until

_STOP_TIMEOUT_S = 20.0
_TAIL_CHARS = 4_000


class FlowEnded(AssertionError):
    """A flow that a test waits for is no longer running; holds the end of what it printed."""


class LiveFlow:
    """One process of one flow; `start` again after `stop` or `kill` resumes from its recovery store.

    `environment` comes on top of the process's own, from which every setting of a flow is taken out first.
    """

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        *,
        folder: Path,
        recovery: Path | None = None,
        epoch_s: int = 1,
        arguments: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.port = free_port()
        self._output = folder / f"{name}-{self.port}.log"
        self._folder = folder
        self._command = self._module(name)
        self._arguments = ["-s", str(epoch_s), *arguments]
        if recovery is not None:
            self._arguments += ["-r", str(recovery), "-b", "0"]
        self._environment = flow_environment({"PYTHONUNBUFFERED": "1", **environment}, port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _module(name: str) -> list[str]:
        return ["-m", "bytewax.run", f"flows.{name}"]

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        """What it has printed since it was made, of all its lives."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def start(self) -> Self:
        """Returns at once; what a test waits for it should name itself."""
        if self.is_running:
            raise RuntimeError(f"this {self.name} runs already")
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *self._command, *self._arguments],
                env=self._environment,
                cwd=self._folder,  # Bytewax leaves a dataflow.json there
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.kill)
        return self

    def stop(self) -> int:
        """SIGINT, as Ctrl-C: the exit status. Without a running process an `AssertionError`."""
        self.signal(signal.SIGINT)
        return self.wait(_STOP_TIMEOUT_S)

    def kill(self) -> None:
        """SIGKILL; does nothing when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._forget()

    def signal(self, what: signal.Signals) -> None:
        self._must_run()
        assert self._process is not None
        self._process.send_signal(what)

    def wait(self, within_s: float = _STOP_TIMEOUT_S) -> int:
        """Its exit status once it has ended by itself; an `AssertionError` if it does not."""
        assert self._process is not None, f"{self.name} was not started"
        try:
            status = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {within_s} s. {self._tail()}") from None
        self._forget()
        return status

    def wait_until(self, condition: Callable[[], object], *, what: str, within_s: float = 30.0) -> None:
        """As `wait_until`, and raises as soon as the flow has ended without that."""

        def met() -> object:
            found = condition()
            if not found:
                self._must_run()
            return found

        try:
            wait_until(met, what=what, within_s=within_s)
        except TimeoutError as error:
            raise AssertionError(f"{error}. {self._tail()}") from None

    def metrics(self, process: int = 0) -> Metrics:
        """What it (or a process of its set) serves now; not a number, all of it, while it does not serve."""
        return Metrics(self.served(process))

    def served(self, process: int = 0) -> str:
        """What stands under /metrics now; nothing while it does not serve."""
        return served_metrics(self.port + process, within_s=5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _must_run(self) -> None:
        if not self.is_running:
            raise FlowEnded(f"{self.name} has ended. {self._tail()}")

    def _tail(self) -> str:
        return f"The end of its output:\n{self.output[-_TAIL_CHARS:]}"

    def _forget(self) -> None:
        self._process = None
        atexit.unregister(self.kill)


class Metrics:
    """Samples of one scrape."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.samples = [(each.name, each.labels, each.value) for family in families for each in family.samples]
        self.names = {family.name for family in families}
        """Of every family, also of those that have no sample yet."""

    def of(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that carry these labels; 0 where there is none.

        Of nothing served it is NaN, which fulfils no condition.
        """
        if not self.names:
            return math.nan
        return sum(
            value
            for found, carried, value in self.samples
            if found == f"customer_triggers_{name}" and labels.items() <= carried.items()
        )
