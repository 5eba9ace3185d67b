"""Runs a Flink job over a file, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from benchmarks.answers import read_answer
from benchmarks.child import last_json
from benchmarks.peers.maven import MavenProject
from benchmarks.peers.result import PeerResult

FLINK = MavenProject("flink", "flink-cep")

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
    on_repeat: str = "overlap",
    prefilter: bool = True,
) -> PeerResult:
    """Runs `CepAbandonment` or `ProcessFunctionAbandonment`; writes `OUT.0`, `OUT.1` ….

    `seconds_job` is the wall clock from execute to its end, so with the start of the mini-cluster.
    `on_repeat` is for CEP alone: the process function is `restart`. Raises ChildError.
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
