"""What a flow detects and decides, from its files: triggers, of which there must be some, under one policy for
everybody; traits and scores; and how it reads its topics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.common_policy import CommonPolicy, load_common_policy, problems_under
from config.errors import UNSHOWN, ConfigError, Problem
from config.events import load_event_schemas
from config.loader import LoadedTrigger, load_triggers
from config.scores import load_scores
from config.settings import Settings
from config.traits import load_traits
from config.vocabulary import load_vocabularies
from operators.compiler import compile_triggers
from operators.decode import Decoder
from operators.plan import Plan


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


def planned(triggers: Sequence[Path], *, policy: Path, traits: Path, scores: Path, wants_expired: bool = False) -> Plan:
    """The triggers under the policy for everybody, with the traits and scores they read. Raises ``ConfigError``."""
    common, declared, models = load_common_policy(policy), load_traits(traits), load_scores(scores)
    programs = compile_triggers(loaded(triggers, common), common=common, scores=models, wants_expired=wants_expired)
    return Plan(programs, declared, models)


def topic_decoders(settings: Settings) -> dict[str, Decoder]:
    """How the messages of each input topic become events. Raises ``ConfigError``."""
    schemas = load_event_schemas(settings.events_folder)
    vocabularies = load_vocabularies(settings.vocabulary_folder)
    return {
        name: Decoder(
            topic.envelope,
            schemas=schemas,
            vocabulary=vocabularies.get("segment" if topic.envelope == "auto" else topic.envelope),
            max_future_skew_us=settings.max_future_skew_us,
        )
        for name, topic in settings.topics.items()
    }
