"""Trigger files of a flow: there must be some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.errors import UNSHOWN, ConfigError, Problem
from config.loader import LoadedTrigger, load_triggers


def loaded(paths: Sequence[Path]) -> tuple[LoadedTrigger, ...]:
    """The triggers of files and folders. Raises ``ConfigError``, also where there is none at all."""
    found = load_triggers(paths)
    if not found:
        places = ", ".join(map(str, paths))
        raise ConfigError([Problem(places, None, None, "", UNSHOWN, "holds no trigger", "a folder of *.yaml files")])
    return found
