"""Workload files, made once and kept out of the work tree: the name of a file is all that made it."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import asdict
from pathlib import Path

import orjson

from benchmarks.child import run_child
from benchmarks.recipe import Workload

ROOT = Path(__file__).parent.parent


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/customer-triggers/bench`, made if it is not there."""
    home = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(home) if home else Path.home() / ".cache") / "customer-triggers" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def workload_file(workload: Workload) -> Path:
    """The workload as plain JSON lines, generated unless it is there already."""
    path = cache_folder() / f"events-{workload.events}-{_fingerprint(workload)}.jsonl"
    if not path.exists():
        making = path.with_suffix(f".{os.getpid()}.part")
        run_child([sys.executable, "-m", "benchmarks.workload", *_options(workload), "--out", making], cwd=ROOT)
        making.replace(path)
    return path


def _fingerprint(workload: Workload) -> str:
    """Of the numbers and of the code that turns them into lines."""
    digest = hashlib.sha256(orjson.dumps(asdict(workload), option=orjson.OPT_SORT_KEYS))
    for source in ("recipe.py", "workload.py", "lines.py"):
        digest.update((Path(__file__).parent / source).read_bytes())
    return digest.hexdigest()[:12]


def _options(workload: Workload) -> list[str]:
    options: list[str] = []
    for name, value in asdict(workload).items():
        if name.endswith("_ms"):
            name, value = name.removesuffix("_ms"), f"{value}ms"
        options += [f"--{name.replace('_', '-')}", str(value)]
    return options
