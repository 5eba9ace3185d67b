"""Who runs which tests where several processes share them (`pytest -n 2`, as `make test` does).

A file stays in one process, because its tests share servers that each process starts for itself; so does a folder whose
servers are shared by all of its files. What takes long begins first, so that no process ends long after the others.
"""

from __future__ import annotations

from typing import Any

import pytest

_ONE_UNIT = ("tests/security",)
_LONGEST_FIRST = ("recovery", "security", "fault", "integration", "property", "flow", "golden")
"""Folders, by how long their longest files take; what is not among them takes a second or less a file."""


def unit_of(nodeid: str) -> str:
    """What of the suite one process runs as a whole, for one of its tests."""
    path = nodeid.split("::", 1)[0]
    return next((folder for folder in _ONE_UNIT if path.startswith(f"{folder}/")), path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "load":  # another than -n gives was asked for
        return None
    from xdist.scheduler import LoadScopeScheduling  # optional, as its hook is

    class _ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # our order, not that of the number of tests
    return _ByUnit(config, log)


def _turn(item: pytest.Item) -> int:
    folder = item.nodeid.split("/")[1]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)
