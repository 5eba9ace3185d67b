"""The test's side of the gateway's process: start, stop, kill, and a client for it."""

import atexit
import json
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from tests.clickhouse_gateway.door_keeper import Admission
from tests.clickhouse_gateway.faults import Faults
from tests.loopback_port import LOOPBACK, free_port

_STOP_TIMEOUT_S = 10.0
_LOG_TAIL_CHARS = 4000
_ROOT = Path(__file__).parents[2]
EVERYBODY = Admission()


class ClickHouseGateway:
    """A ClickHouse server on one path and one port, for its whole life; `start` again finds the data.

    Its process ends when this one does, however this one ends: it reads its commands from a pipe, to the
    pipe's end.
    """

    host = LOOPBACK

    def __init__(self, path: Path, admission: Admission = EVERYBODY) -> None:
        """`path` is the engine's folder, made if absent and never removed; `path`.stderr lies beside it."""
        self.path = path
        self._admission = admission
        self.port = free_port()
        self.faults = Faults(self._ask)
        self._process: subprocess.Popen[str] | None = None
        self._one_command = threading.Lock()
        self._stderr = path.with_name(f"{path.name}.stderr")

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        return f"{'http' if self._admission.certificate is None else 'https'}://{self.host}:{self.port}"

    def client(self, **arguments: Any) -> Client:
        """A new clickhouse-connect client; `arguments` go to `get_client`."""
        return clickhouse_connect.get_client(host=self.host, port=self.port, **arguments)

    def start(self) -> Self:
        """Returns when connections are accepted.

        Raises:
            RuntimeError: the process ended; the message ends in the tail of its stderr.
        """
        if self.is_running:
            raise RuntimeError("this gateway runs already")
        where = ["--path", str(self.path), "--port", str(self.port)]
        command = [sys.executable, "-m", "tests.clickhouse_gateway", *where]
        self._stderr.parent.mkdir(parents=True, exist_ok=True)
        with self._stderr.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=_ROOT,
                start_new_session=True,  # Ctrl-C is for pytest, which then ends the gateway in order
            )
        atexit.register(self.kill)
        try:
            self._write(asdict(self._admission))
            self._read_answer()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Ends the process in order; does nothing when none runs."""
        process = self._forget_process()
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Ends the process by SIGKILL; does nothing when none runs."""
        process = self._forget_process()
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _forget_process(self) -> subprocess.Popen[str] | None:
        process, self._process = self._process, None
        atexit.unregister(self.kill)
        return process

    def _ask(self, command: str, **arguments: Any) -> Any:
        with self._one_command:
            self._write({"command": command, **arguments})
            return self._read_answer()

    def _write(self, line: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("this gateway does not run")
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def _read_answer(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            tail = self._stderr.read_text(errors="replace")[-_LOG_TAIL_CHARS:]
            raise RuntimeError(f"the gateway's process has ended. The end of {self._stderr.name}:\n{tail}")
        return json.loads(line)["answer"]
