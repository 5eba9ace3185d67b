"""Runs the rule as an Esper pattern over a file, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from benchmarks.answers import read_answer
from benchmarks.child import last_json
from benchmarks.peers.maven import MavenProject
from benchmarks.peers.result import PeerResult

ESPER = MavenProject("esper", ("esper-runtime",))


def run(events: Path, *, out: Path, out_of_orderness_ms: int) -> PeerResult:
    """`seconds_job` is from before the pattern is compiled until the last match is written. Raises ChildError."""
    cost = ESPER.run("EsperAbandonment", [events, out, str(out_of_orderness_ms)])
    return PeerResult.of(cost, last_json(cost.stdout), read_answer(out))
