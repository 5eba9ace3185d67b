"""A Bytewax recovery store of a test: made empty, and asked how far it is."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Self

from tests.flow_process import ROOT
from tests.integration.live_flow import LiveFlow


class RecoveryStore:
    """A folder of SQLite files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, parent: Path, partitions: int = 1) -> Self:
        folder = parent / f"recovery-{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "bytewax.recovery", str(folder), str(partitions)]
        subprocess.run(command, check=True, cwd=ROOT)
        return cls(folder)

    def closed_epoch(self) -> int:
        """The last epoch that is durable in every one of its partitions; 0 before the first."""
        return min((self._committed(file) for file in self.folder.glob("*.sqlite3")), default=0)

    def wait_until_kept(self, flow: LiveFlow) -> None:
        """Returns when all that the flow has done by now is in the store."""
        # The epoch of now is at most the one after the last closed, or the one after that if that is closing.
        last = self.closed_epoch() + 2
        flow.wait_until(lambda: self.closed_epoch() >= last, what=f"epoch {last} closed")

    def _committed(self, file: Path) -> int:
        store = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        try:
            return int(store.execute("SELECT coalesce(max(commit_epoch), 0) FROM commits").fetchone()[0])
        finally:
            store.close()
