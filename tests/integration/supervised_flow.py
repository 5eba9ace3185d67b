"""A flow under its supervisor, `python -m flows.run`, with the processes it has started."""

from __future__ import annotations

import os
import re
import signal

from tests.integration.live_flow import LiveFlow

_STARTED = re.compile(r"^flows\.run \| \w+ started; process ids (.*)$", re.MULTILINE)


class SupervisedFlow(LiveFlow):
    """`signal`, `stop` and `kill` are the supervisor's; what it started ends when it does, but not at once."""

    @staticmethod
    def _module(name: str) -> list[str]:
        return ["-m", "flows.run", name]

    @property
    def lives(self) -> list[list[int]]:
        """The process ids of every set that was started, in order."""
        return [[int(each) for each in ids.split(",")] for ids in _STARTED.findall(self.output)]

    def said(self) -> list[str]:
        """What the supervisor itself has said."""
        return [line for line in self.output.splitlines() if line.startswith("flows.run | ")]

    def kill_process(self, index: int, by: signal.Signals = signal.SIGKILL) -> None:
        """A signal to one process of the set that runs."""
        os.kill(self.lives[-1][index], by)


def is_alive(process_id: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for yet has."""
    try:
        with open(f"/proc/{process_id}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
