"""The job as its users run it, in a process of its own: ``python -m bytewax.run``, with a recovery store."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bytewax.recovery import init_db_dir

from flows.demo.afternoon import Afternoon
from flows.demo.stage import Stage

_ROOT: Final = Path(__file__).parents[2]
_END_TIMEOUT_S: Final = 20.0
_EPOCH_S: Final = 1
_TAIL_LINES: Final = 25


class JobEnded(Exception):
    """The job is no longer running, or did not end in order; the message has what it said."""


class JobProcess:
    """The job, from ``with`` to its end. A Ctrl-C at the terminal is the parent's: the job ends in its order."""

    def __init__(self, stage: Stage, afternoon: Afternoon) -> None:
        self.port: Final = _free_port()
        self._log = stage.log
        stage.recovery.mkdir()
        init_db_dir(stage.recovery, 1)  # type: ignore[no-untyped-call]
        arguments = ["flows.demo.job", "-r", str(stage.recovery), "-s", str(_EPOCH_S), "-b", "0"]
        with stage.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bytewax.run", *arguments],
                env={
                    **stage.environment,
                    "PYTHONPATH": str(_ROOT),
                    "BYTEWAX_DATAFLOW_API_ENABLED": "1",
                    "BYTEWAX_DATAFLOW_API_PORT": str(self.port),
                },
                cwd=stage.folder,  # Bytewax leaves a dataflow.json there
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell(afternoon.as_line())

    def open_shop(self, origin_us: int) -> None:
        """The shop's time runs, since ``origin_us`` of the wall."""
        self._tell(b"%d\n" % origin_us)

    def check(self) -> None:
        """Raises ``JobEnded`` if it does not run."""
        if self._process.poll() is not None:
            raise self._ended()

    def end(self) -> None:
        """Ends it in order: everything read is durable then. Raises ``JobEnded`` if that fails."""
        self._hang_up()
        try:
            status = self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if status:
            raise self._ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is not None:
            return
        self._hang_up()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _hang_up(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _ended(self) -> JobEnded:
        status = self._process.wait()
        said = self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return JobEnded("\n".join([f"the job ended with status {status}; {self._log} ends in:", *said]))


def _free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
