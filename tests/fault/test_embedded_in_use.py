"""The embedded engine serves one process, and says so to the second."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.clickhouse_url import ClickHouseUrl
from sinks.clickhouse.client import connect
from sinks.clickhouse.embedded import release_embedded
from sinks.errors import EmbeddedInUse, EmbeddedMissing

HOLDER = """
import sys
from sinks.clickhouse.client import connect
client = connect(sys.argv[1])
print(client.command("SELECT 1"), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _engine_free_after() -> Iterator[None]:
    release_embedded()
    yield
    release_embedded()


def holder(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"chdb://{folder}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    return process


def test_a_second_process_on_the_folder_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "clickhouse"
    with holder(folder) as process:
        with pytest.raises(EmbeddedInUse, match=rf"{folder} is in use by process {process.pid}.*a ClickHouse server"):
            connect(f"chdb://{folder}")
        process.kill()
    assert connect(f"chdb://{folder}").command("SELECT 1") == 1


def test_a_second_folder_in_one_process_is_refused(tmp_path: Path) -> None:
    connect(f"chdb://{tmp_path}/one")
    with pytest.raises(EmbeddedInUse, match="one path per process"):
        connect(f"chdb://{tmp_path}/two")


def test_one_folder_spelled_two_ways_is_one_client(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "one")
    (tmp_path / "one").mkdir()
    assert connect(f"chdb://{tmp_path}/one/") is connect(f"chdb://{tmp_path}/link")


def test_databases_of_one_folder_are_apart(tmp_path: Path) -> None:
    a, b = (connect(ClickHouseUrl("chdb", embedded_path=str(tmp_path / "one"), database=name)) for name in "ab")
    a.command("CREATE TABLE t (x UInt8) ENGINE = Memory")
    assert b.command("EXISTS TABLE t") == 0
    assert a.command("EXISTS TABLE t") == 1


def test_memory_needs_no_folder() -> None:
    assert connect("chdb:///:memory:").command("SELECT 1") == 1


def test_without_chdb_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("chdb", "clickhouse_connect.driver.chdb"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "chdb", None)
    with pytest.raises(EmbeddedMissing, match=r"pip install customer-triggers\[embedded\]"):
        connect(f"chdb://{tmp_path}/one")
