"""The test's side of the faults."""

import re
from collections.abc import Callable
from typing import Any

from tests.clickhouse_gateway.rules import Action, When

_AUTHENTICATION_FAILED = 516
_WRONG_PASSWORD = (
    "default: Authentication failed: password is incorrect, or there is no such user. (AUTHENTICATION_FAILED)"
)


class Faults:
    """Switches a running gateway's faults on and off; a fault is in force when its method returns.

    Faults add up, and the oldest that fits a request takes it. `matching` is a regex searched in the
    statement (without the rows of an INSERT); `times` bounds how many requests a fault takes. `/ping` meets
    only `refuse`. Whoever counts requests should know that `get_client` sends some, and that
    clickhouse-connect sends an INSERT again by itself when its connection is cut.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        """`ask` sends one command to the gateway's process and returns its answer."""
        self._ask = ask

    def refuse(self) -> None:
        """Connections are refused, and open ones are cut."""
        self._ask("refuse")

    def stall(
        self,
        *,
        when: When = "before",
        even_if_abandoned: bool = False,
        times: int | None = None,
        matching: str | None = None,
    ) -> None:
        """Requests are read and not answered until `clear`.

        A statement held *before* it is executed is executed on `clear` if its client still waits. With
        `even_if_abandoned` also if the client has given up: the INSERT that lands late.
        """
        self._add("stall", when=when, even_if_abandoned=even_if_abandoned, times=times, matching=matching)

    def cut(self, *, when: When, times: int | None = None, matching: str | None = None) -> None:
        """The connection is closed after the request was read, before or after the statement is executed."""
        self._add("cut", when=when, times=times, matching=matching)

    def error(
        self,
        code: int,
        message: str = "injected by a test",
        *,
        http_status: int = 500,
        when: When = "before",
        times: int | None = None,
        matching: str | None = None,
    ) -> None:
        """Requests get ClickHouse's error `code`; *after* suits UNKNOWN_STATUS_OF_INSERT (319)."""
        text = f"Code: {code}. DB::Exception: {message}"
        self._add(
            "error",
            when=when,
            times=times,
            matching=matching,
            code=code,
            message=text,
            http_status=http_status,
        )

    def wrong_password(self) -> None:
        """Every request is answered as a login with a wrong user or password (516)."""
        self.error(_AUTHENTICATION_FAILED, _WRONG_PASSWORD, http_status=403)

    def clear(self) -> None:
        """No faults any more: stalled requests go on, connections are accepted."""
        self._ask("clear")

    def wait_until_held(self, count: int = 1, *, timeout_s: float = 10.0) -> None:
        """Returns when at least `count` requests are stalled at the same time.

        Raises:
            TimeoutError
        """
        if not self._ask("wait_until_held", count=count, timeout_s=timeout_s):
            raise TimeoutError(f"fewer than {count} requests were stalled within {timeout_s} s")

    def executed(self, matching: str) -> int:
        """How many statements that `matching` finds the engine has executed since the gateway started."""
        return int(self._ask("executed", matching=matching))

    def wait_until_executed(self, matching: str, count: int, *, timeout_s: float = 10.0) -> None:
        """Returns when `executed(matching)` is at least `count`: for statements whose client has gone.

        Raises:
            TimeoutError
        """
        if not self._ask("wait_until_executed", matching=matching, count=count, timeout_s=timeout_s):
            raise TimeoutError(f"{matching!r} was executed fewer than {count} times within {timeout_s} s")

    def _add(self, action: Action, *, matching: str | None, **rule: Any) -> None:
        if matching is not None:
            re.compile(matching)  # a wrong one must fail here, not in the gateway's process
        self._ask("add", action=action, matching=matching, **rule)
