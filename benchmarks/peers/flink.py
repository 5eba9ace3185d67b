"""Runs a Flink job, from a file or from a topic, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from benchmarks.answers import read_answer
from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.broker import create_topic
from benchmarks.child import last_json
from benchmarks.live_run import Backlog
from benchmarks.peers.caught_up import CaughtUp, check
from benchmarks.peers.maven import MavenProject
from benchmarks.peers.result import PeerResult
from benchmarks.reference import OnRepeat

FLINK = MavenProject("flink", ("flink-cep", "flink-connector-kafka"))

JVM_OPTIONS = (
    # What Flink's own start scripts open for Java 17.
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.net=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.time=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    # Flink's default too. The parallel collector was as fast within the noise, and so was -Xms4g.
    "-XX:+UseG1GC",
)


def run(
    job: str,
    events: Path,
    *,
    out: Path,
    parallelism: int,
    out_of_orderness_ms: int,
    on_repeat: OnRepeat,
    prefilter: bool = True,
) -> PeerResult:
    """Runs `CepAbandonment` or `ProcessFunctionAbandonment`; writes `OUT.0`, `OUT.1` ….

    `seconds_job` is the wall clock from execute to its end, so with the start of the mini-cluster. Raises ChildError.
    """
    for part in out.parent.glob(f"{out.name}.*"):
        part.unlink()
    cost = FLINK.run(
        job,
        named={
            "events": events,
            "out": out,
            "parallelism": str(parallelism),
            "out-of-orderness-ms": str(out_of_orderness_ms),
            "on-repeat": on_repeat,
            "prefilter": str(prefilter).lower(),
        },
        jvm_options=JVM_OPTIONS,
    )
    return PeerResult.of(cost, last_json(cost.stdout), read_answer(*sorted(out.parent.glob(f"{out.name}.*"))))


def run_live(job: str, backlog: Backlog, folder: Path) -> CaughtUp:
    """The same job over a topic up to its end, `overlap`, filtered by hand. Raises ChildError, WrongAnswerError."""
    actions = f"actions-{uuid4().hex}"
    create_topic(backlog.bootstrap_servers, actions, partitions=1)
    cost = FLINK.run(
        job,
        named={
            "bootstrap-servers": backlog.bootstrap_servers,
            "topic": backlog.topic,
            "actions-topic": actions,
            "checkpoints": folder,
            "parallelism": "1",
            "out-of-orderness-ms": str(OUT_OF_ORDERNESS_MS),
            "on-repeat": "overlap",
            "prefilter": "true",
        },
        jvm_options=JVM_OPTIONS,
    )
    check(job, backlog, actions)
    return CaughtUp.of(cost, last_json(cost.stdout))
