"""What a measurement was made on: without it a number in `results/` says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "bytewax",
    "chdb-core",
    "confluent-kafka",
    "google-re2",
    "msgspec",
    "numpy",
    "orjson",
    "pyarrow",
    "pydantic",
    "zstandard",
)
"""What may be on the path that is measured."""

Facts = dict[str, object]


def machine_facts(*, seed: int) -> Facts:
    """As plain JSON; what cannot be found out is null.

    `commit` ends in `+changes` where a file that git knows is not as committed.
    """
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "java": _java_version(),
        "libraries": {name: _library_version(name) for name in LIBRARIES},
        "commit": _commit(),
        "seed": seed,
    }


def _cpu_model() -> str | None:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or None


def _library_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _java_version() -> str | None:
    said = _said("java", "-version")
    return said.splitlines()[0] if said else None


def _commit() -> str | None:
    commit = _said("git", "rev-parse", "HEAD")
    if commit is None:
        return None
    return f"{commit}+changes" if _said("git", "status", "--porcelain", "--untracked-files=no") else commit


def _said(*command: str) -> str | None:
    """What a command prints, on either stream; None when it is not there or fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout + done.stderr).strip()
