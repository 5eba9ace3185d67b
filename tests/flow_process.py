"""A flow as a process of its own, seen from outside: what it is started with, and what it serves."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.loopback_port import LOOPBACK

ROOT = Path(__file__).parents[1]
"""Of the repository."""
_ADDRESSES = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL")


def flow_environment(settings: Mapping[str, str], *, port: int) -> dict[str, str]:
    """Our own environment without the settings of flows in it, and `settings`; metrics are served at `port`."""
    return {
        **{name: value for name, value in os.environ.items() if not _is_setting(name)},
        "PYTHONPATH": str(ROOT),
        "BYTEWAX_DATAFLOW_API_ENABLED": "1",
        "BYTEWAX_DATAFLOW_API_PORT": str(port),
        **settings,
    }


def served_metrics(port: int, *, within_s: float) -> str:
    """What stands under /metrics now; nothing while it does not serve."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=within_s) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""


def _is_setting(variable: str) -> bool:
    return variable.startswith(("CT_", "BYTEWAX_")) or variable in _ADDRESSES
