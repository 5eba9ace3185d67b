"""Imports run one way, and the inner folders know no Kafka, no ClickHouse, no Prometheus, and but one clock."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = {"confluent_kafka", "clickhouse_connect", "chdb", "prometheus_client"}
INNER = sorted(path for folder in ("operators", "config") for path in (ROOT / folder).rglob("*.py"))


def imported(path):
    """The modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path):
    return {module.partition(".")[0] for module in imported(path)}


def test_the_import_contracts_are_kept():
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", INNER, ids=lambda path: str(path.relative_to(ROOT)))
def test_operators_and_config_know_nothing_of_what_is_outside(path):
    assert not roots(path) & OUTSIDE


def test_of_the_operators_only_the_hosts_know_bytewax():
    hosts = ["decide_host.py", "detect.py", "identity_host.py"]
    assert [path.name for path in INNER if "bytewax" in roots(path)] == hosts


def test_of_the_operators_only_the_clock_reads_the_time():
    assert [path.name for path in INNER if "time" in roots(path)] == ["clock.py"]
    asks_now = [path.name for path in INNER if ".now(" in path.read_text() or ".utcnow(" in path.read_text()]
    assert asks_now == []


def test_nothing_that_is_shipped_imports_tests():
    for folder in ("config", "operators", "sinks", "flows"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "tests" not in roots(path), path
