"""A panic of the engine, which no step raises and nothing prints: the process ends with a word all the same."""

import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from flows.exit_status import ExitStatus
from flows.loopback import free_addresses
from tests.flow_process import flow_environment
from tests.integration.live_site import Site
from tests.loopback_port import LOOPBACK, free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


def started(site: Site, process: int, port: int, addresses: list[str]) -> subprocess.Popen[bytes]:
    arguments = ["triggers", "--process", str(process), "--workers", "1", "--epoch", "1", "--grace", "1"]
    for address in addresses:
        arguments += ["--address", address]
    with output_of(site, process).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.recovery.panicking_process", *arguments],
            env=flow_environment(site.environment(), port=port),
            cwd=site.folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def output_of(site: Site, process: int) -> Path:
    return site.folder / f"process-{process}.log"


def test_a_process_whose_engine_panics_ends_with_a_word_though_its_peer_goes_on(site: Site) -> None:
    site.abandonment()
    addresses, ports = free_addresses(2), [free_port(), free_port()]
    processes = [started(site, index, ports[index], addresses) for index in (0, 1)]

    def ended() -> bool:
        """Asks until a scrape comes while the engine runs."""
        with suppress(urllib.error.URLError, HTTPException, OSError):
            urllib.request.urlopen(f"http://{LOOPBACK}:{ports[1]}/metrics", timeout=5).read()
        return processes[1].poll() is not None

    try:
        wait_until(ended, what="the end of the process that was scraped")
        assert processes[0].poll() is None, "nobody tells it: that is for the supervisor"
    finally:
        for process in processes:
            process.kill()
    assert processes[1].returncode == ExitStatus.FAILED
    assert "the engine's workers have ended, without an error of any step" in output_of(site, 1).read_text()
