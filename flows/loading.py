"""Trigger files of a flow: there must be some, and none may ask for more than the policy for everybody has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.common_policy import CommonPolicy, problems_under
from config.errors import UNSHOWN, ConfigError, Problem
from config.loader import LoadedTrigger, load_triggers


def loaded(paths: Sequence[Path], common: CommonPolicy) -> tuple[LoadedTrigger, ...]:
    """The triggers of files and folders. Raises ``ConfigError``, also where there is none at all."""
    found = load_triggers(paths)
    if not found:
        places = ", ".join(map(str, paths))
        raise ConfigError([Problem(places, None, None, "", UNSHOWN, "holds no trigger", "a folder of *.yaml files")])
    problems = problems_under(common, found)
    if problems:
        raise ConfigError(problems)
    return found
