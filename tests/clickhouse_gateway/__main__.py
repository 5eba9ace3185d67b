"""The gateway's own process: `python -m tests.clickhouse_gateway --path DIR [--port N]`.

Reads from stdin who may come in (an `Admission` as a line of JSON), then commands as JSON lines
(`{"command": "add", "action": "cut", "when": "after"}`); answers each
with a line on stdout, the first line being `{"answer": PORT}` once it listens, and ends at the end of stdin.
"""

import argparse
import json
import os
import socket
import sys
import threading
from typing import Any, TextIO

from tests.clickhouse_gateway.door_keeper import Admission, DoorKeeper
from tests.clickhouse_gateway.engine import Engine
from tests.clickhouse_gateway.http_server import HttpServer
from tests.clickhouse_gateway.rules import Rule, Rules
from tests.loopback_port import LOOPBACK

_POLL_S = 0.02  # how long `refuse` may take to be noticed


class _Door:
    """Listens on one port, or refuses on it while keeping it from other processes."""

    def __init__(self, port: int, engine: Engine, rules: Rules, keeper: DoorKeeper) -> None:
        self._engine = engine
        self._rules = rules
        self._keeper = keeper
        self._server: HttpServer | None = None
        self._reserved: socket.socket | None = None
        self.port = port

    def open(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        if self._server is None:
            self._server = HttpServer(self.port, self._engine, self._rules, self._keeper)
            self.port = self._server.server_port
            threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True).start()

    def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        # Bound but not listening: the system refuses connections, and nobody else can take the port.
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((LOOPBACK, self.port))


def _obey(command: str, arguments: dict[str, Any], door: _Door, rules: Rules) -> Any:
    match command:
        case "add":
            return rules.add(Rule(**arguments))
        case "clear":
            rules.clear()
            return door.open()
        case "refuse":
            return door.close()
        case "wait_until_held":
            return rules.wait_until_held(**arguments)
        case "wait_until_executed":
            return rules.wait_until_executed(**arguments)
        case "executed":
            return rules.executed(**arguments)
        case _:
            raise ValueError(
                f"unknown command {command!r}: add, clear, refuse, executed, wait_until_held or …_executed"
            )


def _answer(to: TextIO, answer: Any) -> None:
    to.write(json.dumps({"answer": answer}) + "\n")
    to.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.clickhouse_gateway")
    parser.add_argument("--path", required=True, help="the engine's folder")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()
    # On stdin and not among the arguments, which every process of the machine can read.
    admission = Admission(**json.loads(sys.stdin.readline()))
    # chDB is one binary with much inside: whatever it prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    rules = Rules()
    engine = Engine(options.path, None if admission.grants is None else tuple(admission.grants))
    door = _Door(options.port, engine, rules, DoorKeeper(admission))
    door.open()
    _answer(answers, door.port)
    for line in sys.stdin:
        request = json.loads(line)
        _answer(answers, _obey(request.pop("command"), request, door, rules))
    # What the engine does on a process's way out can take seconds, and nobody needs it.
    os._exit(0)


main()
