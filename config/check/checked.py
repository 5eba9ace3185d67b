"""Everything there is to say of some trigger files, as values: no file is read a second time, nothing is printed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.check import contact, declared, reach, size, timing
from config.check.lifetime import Endless, lifetime
from config.check.same_match import same_match
from config.check.state_bound import Holding, state_bound
from config.check.suspicion import Surroundings, Suspicion
from config.common_policy import CommonPolicy, load_common_policy, problems_under
from config.documents import Source
from config.errors import UNSHOWN, ConfigError, Problem, path_text
from config.events import EventSchema, load_event_schemas
from config.language import Trigger
from config.loader import LoadedTrigger, survey_triggers
from config.reading import reading_of

SUSPICIONS: Final[Mapping[str, Callable[[Trigger, Surroundings], Iterator[Suspicion]]]] = {
    "short-wait": timing.short_wait,
    "within-shorter-than-wait": timing.within_shorter_than_wait,
    "optional-before-time": timing.optional_before_time,
    "no-timezone": timing.no_timezone,
    "unreachable-step": reach.absence_of_the_next_event,
    "exit-takes-beginning": reach.exit_takes_the_beginning,
    "contradiction": reach.contradiction,
    "unbounded-match": size.unbounded_match,
    "every-event": size.every_event,
    "mark-for-ever": size.mark_for_ever,
    "long-overlap": size.long_overlap,
    "undeclared-type": declared.undeclared_type,
    "unknown-property": declared.unknown_property,
    "property-type": declared.property_of_another_type,
    "never-compares": declared.never_compares,
    "no-consent": contact.no_consent,
}
"""By the code that is printed, which is stable: who reads a report in CI may count on it."""
SAME_MATCH: Final = "same-match"
"""The code of what is found between two triggers."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A suspicion with its place."""

    code: str
    file: str
    line: int | None
    path: str
    message: str
    way_out: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.path}: {self.message}; {self.way_out} [{self.code}]"


@dataclass(frozen=True, slots=True)
class CheckedTrigger:
    """A trigger that loads: what it says, and what it makes the engine keep. `endless` says why for ever."""

    trigger: Trigger
    file: str
    reading: tuple[str, ...]
    holdings: tuple[Holding, ...]
    endless: tuple[Endless, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The problems of what does not load, and the warnings and triggers of what does."""

    problems: tuple[Problem, ...]
    warnings: tuple[Warned, ...]
    triggers: tuple[CheckedTrigger, ...]


def check(paths: Sequence[Path], *, events: Path, policy: Path | None = None) -> Checked:
    """Reads trigger files and folders, the schemas in the folder `events` and the policy for everybody."""
    loaded, found = survey_triggers(paths)
    problems = list(found)
    if not loaded and not problems:
        places = ", ".join(map(str, paths))
        problems.append(Problem(places, None, None, "", UNSHOWN, "holds no trigger", "a folder of *.yaml files"))
    schemas = _schemas(events, problems)
    common = _common(policy, problems)
    if common is not None:
        problems += problems_under(common, loaded)
    around = Surroundings(
        schemas=schemas,
        types_are_declared=_types_are_declared(loaded, schemas),
        default_timezone=_default_timezone(common),
    )
    warnings = [
        _warned(code, suspicion, each.source)
        for each in loaded
        for code, suspect in SUSPICIONS.items()
        for suspicion in suspect(each.trigger, around)
    ]
    warnings += [_warned(SAME_MATCH, suspicion, each.source) for each, suspicion in same_match(loaded)]
    order = {each.source.file: place for place, each in enumerate(loaded)}
    warnings.sort(key=lambda warned: (order[warned.file], warned.line or 0, warned.code, warned.path))
    return Checked(tuple(problems), tuple(dict.fromkeys(warnings)), tuple(map(_checked, loaded)))


def _schemas(folder: Path, problems: list[Problem]) -> Mapping[str, EventSchema]:
    try:
        return load_event_schemas(folder)
    except ConfigError as error:
        problems += error.problems
        return {}


def _types_are_declared(loaded: Sequence[LoadedTrigger], schemas: Mapping[str, EventSchema]) -> bool:
    """Whether more than half of the types that the triggers name have a schema."""
    named = {each for one in loaded for each in declared.named_types(one.trigger)}
    return len(named & set(schemas)) * 2 > len(named)


def _common(policy: Path | None, problems: list[Problem]) -> CommonPolicy | None:
    """The policy for everybody, None where there is none that can be read."""
    if policy is None:
        return None
    try:
        return load_common_policy(policy)
    except ConfigError as error:
        problems += error.problems
        return None


def _default_timezone(common: CommonPolicy | None) -> str | None:
    """The timezone of customers whose own is not known, None where nobody has said one."""
    return common.default_timezone if common is not None and "default_timezone" in common.model_fields_set else None


def _warned(code: str, found: Suspicion, source: Source) -> Warned:
    position = source.position(found.location)
    line = None if position is None else position.line
    return Warned(code, source.file, line, path_text(found.location), found.message, found.way_out)


def _checked(loaded: LoadedTrigger) -> CheckedTrigger:
    trigger = loaded.trigger
    endless = () if trigger.match.is_single_event else lifetime(trigger.match).endless
    return CheckedTrigger(trigger, loaded.source.file, reading_of(trigger), state_bound(trigger), endless)
