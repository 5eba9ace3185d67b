"""A progress bar over bytes read, on a terminal and nowhere else."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any


@dataclass
class Progress:
    """Called with (bytes read, bytes in all); draws from the process that reads."""

    name: str
    _bar: Any = None
    _task: Any = None

    def __call__(self, read: int, size: int) -> None:
        """Shows how far it has come; the bar is gone when all is read."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self.name, total=size)
            self._bar.start()
        self._bar.update(self._task, completed=read)
        if read >= size:
            self._bar.stop()
