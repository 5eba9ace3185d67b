"""A real Apache Kafka broker for tests: one KRaft node, broker and controller in one JVM, on loopback."""

import atexit
import contextlib
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kafka.jars import kafka_jars
from tests.kafka.properties import broker_properties
from tests.kafka.topics import admin_client, wait_for_leaders
from tests.loopback_port import LOOPBACK, free_port

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_LOG_TAIL_CHARS = 4000
_CLUSTER_ID = "Y3VzdG9tZXItdHJpZ2dlcg"  # any 16 bytes in base64url
_JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=INFO"]


class KafkaServer:
    """One broker in its own process, on one port and one folder for its whole life.

    `start`, `stop`, `kill` and `restart` may follow each other in any order. What a broker acknowledged is
    there again after `kill` and `restart`: `test_a_killed_broker_keeps_what_it_acknowledged`. The broker dies
    with the thread that started it (that is what Linux offers), so start it from pytest's main thread.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` takes the data, the configuration and the log; it is made if absent and never removed."""
        self._folder = folder
        self._port = free_port()
        self._controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        return self._folder / "kafka.log"

    def start(self) -> Self:
        """Returns when clients can write to every partition.

        Raises:
            RuntimeError: the broker ended or was not ready in time; the message ends in the tail of its log.
        """
        if self.is_running:
            raise RuntimeError("this broker runs already")
        self._prepare_folder()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*_dying_with_parent(), *self._java("kafka.Kafka", str(self._properties))],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for pytest, which then ends the broker in order
            )
        atexit.register(self.kill)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Ends the broker in order; does nothing when none runs."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the broker by SIGKILL: no flush, no farewell to clients."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Starts the broker again with its data and its port, stopping it first when it runs."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever leaves the block is done with the data, and an orderly stop takes longer.
        self.kill()

    def extra_properties(self) -> dict[str, str]:
        """What a subclass's broker has beside `broker_properties`; lists of listeners are joined to its own."""
        return {}

    def format_options(self) -> list[str]:
        """What a subclass gives Kafka's storage tool beside the cluster and the file."""
        return []

    def jvm_options(self) -> list[str]:
        """What a subclass gives the broker's JVM."""
        return []

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, main: str, *arguments: str) -> list[str]:
        return ["java", *_JVM, *self.jvm_options(), "-cp", f"{kafka_jars()}/*", main, *arguments]

    def _prepare_folder(self) -> None:
        if self._properties.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        properties = broker_properties(
            bind_address=LOOPBACK,
            port=self._port,
            controller_port=self._controller_port,
            log_dirs=str(self._folder / "data"),
        )
        for key, value in self.extra_properties().items():
            properties[key] = f"{properties[key]},{value}" if key in properties else value
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        format_it = ["format", "-t", _CLUSTER_ID, "-c", str(self._properties), *self.format_options()]
        command = self._java("kafka.tools.StorageTool", *format_it)
        done = subprocess.run(command, capture_output=True, text=True, timeout=_START_TIMEOUT_S, check=False)
        if done.returncode != 0:
            self._properties.unlink()
            raise RuntimeError(f"Kafka's storage could not be formatted:\n{done.stdout + done.stderr}")

    def _wait_until_ready(self) -> None:
        admin = admin_client(self.bootstrap_servers)
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            # Short turns, so that a broker that ended is noticed at once.
            with contextlib.suppress(TimeoutError):
                wait_for_leaders(admin, timeout_s=0.5)
                return
            if not self.is_running:
                break
        raise RuntimeError(f"Kafka did not start. The end of {self.log_file.name}:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        return self.log_file.read_text(errors="replace")[-_LOG_TAIL_CHARS:]

    def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self.kill)
        process.send_signal(by)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _dying_with_parent() -> list[str]:
    """Put before a command so that it ends with us: pytest may be killed, and then no `atexit` runs."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
