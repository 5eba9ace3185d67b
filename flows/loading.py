"""What a flow detects, from its files: triggers, of which there must be some, traits and scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.errors import UNSHOWN, ConfigError, Problem
from config.loader import LoadedTrigger, load_triggers
from config.scores import load_scores
from config.traits import load_traits
from operators.compiler import compile_triggers
from operators.plan import Plan


def loaded(paths: Sequence[Path]) -> tuple[LoadedTrigger, ...]:
    """The triggers of files and folders. Raises ``ConfigError``, also where there is none at all."""
    found = load_triggers(paths)
    if not found:
        places = ", ".join(map(str, paths))
        raise ConfigError([Problem(places, None, None, "", UNSHOWN, "holds no trigger", "a folder of *.yaml files")])
    return found


def planned(triggers: Sequence[Path], *, traits: Path, scores: Path, wants_expired: bool = False) -> Plan:
    """The triggers, with the traits and scores that they read. Raises ``ConfigError``."""
    declared, models = load_traits(traits), load_scores(scores)
    return Plan(compile_triggers(loaded(triggers), scores=models, wants_expired=wants_expired), declared, models)
