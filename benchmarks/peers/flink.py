"""Builds the Flink jobs with Maven and runs one in a process of its own.

The jobs are in `flink/`; what Maven makes of them goes to `target/`, which git ignores, and is made again
when a source or the pom changes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from benchmarks.answers import read_answer
from benchmarks.child import last_json, run_child
from benchmarks.peers.result import PeerResult

PROJECT = Path(__file__).parent / "flink"
TARGET = Path(__file__).parent / "target" / "flink"
PACKAGE = "customertriggers.peer"

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


class FlinkBuildError(RuntimeError):
    """Maven failed or is not here; the message has the end of what it said."""


def build(*, flink_version: str | None = None) -> None:
    """Compiles the jobs and fetches what they need, unless that is done already. Raises FlinkBuildError."""
    stamp = TARGET / "built-from"
    wanted = _fingerprint(flink_version)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(TARGET, ignore_errors=True)
    command = ["mvn", "--batch-mode", "--quiet", "process-classes"]
    if flink_version is not None:
        command.append(f"-Dflink.version={flink_version}")
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise FlinkBuildError("mvn is not on the path: install Maven and a JDK 17, or leave Flink out") from missing
    if done.returncode != 0:
        raise FlinkBuildError(f"mvn exit {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
    stamp.write_text(wanted, encoding="utf-8")


def version() -> str:
    """Of the Flink that was built."""
    jar = next((TARGET / "lib").glob("flink-cep-*.jar"))
    return jar.stem.removeprefix("flink-cep-")


def run(
    job: str,
    events: Path,
    *,
    out: Path,
    parallelism: int,
    out_of_orderness_ms: int,
    on_repeat: str = "overlap",
    prefilter: bool = True,
    heap: str = "4g",
) -> PeerResult:
    """Runs `CepAbandonment` or `ProcessFunctionAbandonment`, built before; writes `OUT.0`, `OUT.1` ….

    `seconds_job` is the wall clock from execute to its end, so with the start of the mini-cluster.
    `on_repeat` is for CEP alone: the process function is `restart`. Raises ChildError.
    """
    for part in out.parent.glob(f"{out.name}.*"):
        part.unlink()
    cost = run_child(
        [
            "java",
            f"-Xmx{heap}",
            *JVM_OPTIONS,
            "-cp",
            f"{TARGET / 'classes'}:{TARGET / 'lib'}/*",
            f"{PACKAGE}.{job}",
            *("--events", events, "--out", out, "--parallelism", str(parallelism)),
            *("--out-of-orderness-ms", str(out_of_orderness_ms)),
            *("--on-repeat", on_repeat, "--prefilter", str(prefilter).lower()),
        ]
    )
    return PeerResult.of(cost, last_json(cost.stdout), read_answer(*sorted(out.parent.glob(f"{out.name}.*"))))


def _fingerprint(flink_version: str | None) -> str:
    digest = hashlib.sha256((flink_version or "").encode())
    for source in sorted([PROJECT / "pom.xml", *PROJECT.glob("src/**/*.java")]):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()
