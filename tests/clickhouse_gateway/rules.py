"""Which request meets which fault: the part of the gateway that a test controls while it runs."""

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["error", "cut", "stall"]
When = Literal["before", "after"]  # the statement is executed


@dataclass
class Rule:
    """One fault, for requests in whose statement the regex `matching` is found (None: for all).

    `times` counts down and the rule is spent at 0; None is without end. A stalled request waits for
    `released`.
    """

    action: Action
    when: When = "before"
    times: int | None = None
    matching: str | None = None
    code: int = 0
    message: str = ""
    http_status: int = 500
    even_if_abandoned: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def applies_to(self, sql: str) -> bool:
        if self.times == 0:
            return False
        return self.matching is None or re.search(self.matching, sql) is not None


class Rules:
    """The faults in force, oldest first, and what requests have met so far. Safe for use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rules: list[Rule] = []
        self._held = 0
        self._executed: list[str] = []

    def add(self, rule: Rule) -> None:
        with self._changed:
            self._rules.append(rule)

    def clear(self) -> None:
        """No faults any more; stalled requests go on."""
        with self._changed:
            for rule in self._rules:
                rule.released.set()
            self._rules.clear()

    def take(self, sql: str) -> Rule | None:
        """Returns the oldest rule for this statement, one use of which is then gone."""
        with self._changed:
            rule = next((each for each in self._rules if each.applies_to(sql)), None)
            if rule is not None and rule.times is not None:
                rule.times -= 1
            return rule

    def hold(self, rule: Rule) -> None:
        """Returns when the rule is cleared."""
        self._count_held(+1)
        rule.released.wait()
        self._count_held(-1)

    def note_executed(self, sql: str) -> None:
        with self._changed:
            self._executed.append(sql)
            self._changed.notify_all()

    def executed(self, matching: str) -> int:
        """How many statements that `matching` finds were executed without an error."""
        with self._changed:
            return sum(re.search(matching, sql) is not None for sql in self._executed)

    def wait_until_executed(self, matching: str, count: int, timeout_s: float) -> bool:
        """Whether `executed(matching)` reaches `count` within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.executed(matching) >= count, timeout_s)

    def wait_until_held(self, count: int, timeout_s: float) -> bool:
        """Whether at least `count` requests are stalled at once within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._held >= count, timeout_s)

    def _count_held(self, by: int) -> None:
        with self._changed:
            self._held += by
            self._changed.notify_all()
