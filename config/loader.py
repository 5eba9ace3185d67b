"""Trigger files, read and checked: what loads will run, and what cannot is refused with file and line.

All the mistakes of all the files are collected before anything is raised.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from config.documents import Salvaged, Source, salvage, text_of
from config.errors import UNSHOWN, ConfigError, Location, Problem, Refused, path_text
from config.language import Trigger
from config.language.checks import check_trigger
from config.language.trigger import PARTS_ONLY
from config.model import Finding
from config.recovery import without_mistakes
from config.refusals import in_file_order, problems_of


@dataclass(frozen=True, slots=True)
class LoadedTrigger:
    """A trigger, and where each part of it is written: `source.problem(path, …)` gives a problem its line."""

    trigger: Trigger
    source: Source


def load_trigger(path: Path) -> Trigger:
    """The trigger in one file. Raises `ConfigError`."""
    return _trigger_of(_salvage_file(path)).trigger


def load_triggers(paths: Iterable[Path]) -> tuple[LoadedTrigger, ...]:
    """The triggers of files and of folders (their `*.yaml`), in the order given and by name within a folder.

    Raises `ConfigError` with every problem of every file; a name used by two files is one.
    """
    loaded, problems = survey_triggers(paths)
    if problems:
        raise ConfigError(problems)
    return loaded


def survey_triggers(paths: Iterable[Path]) -> tuple[tuple[LoadedTrigger, ...], tuple[Problem, ...]]:
    """The triggers that load, as `load_triggers` has them, and every problem of those that do not."""
    problems: list[Problem] = []
    loaded: dict[str, LoadedTrigger] = {}
    for path in _files(paths, problems):
        try:
            found = _trigger_of(_salvage_file(path))
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        name = found.trigger.trigger
        first = loaded.setdefault(name, found)
        if first is not found:
            refused = Refused(f"is already the trigger of {first.source.file}", allowed="another name")
            problems.append(found.source.problem(("trigger",), name, refused))
    return tuple(loaded.values()), tuple(problems)


def parse_trigger(text: str, file: str = "<text>") -> LoadedTrigger:
    """The trigger in a YAML text; `file` is what problems call it. Raises `ConfigError`."""
    return _trigger_of(salvage(text, file))


def locate(source: Source, location: Location) -> tuple[str, int | None]:
    """File and line of a part such as `("match", "steps", 1, "within")`, or of what is around it."""
    position = source.position(location)
    return source.file, None if position is None else position.line


def _salvage_file(path: Path) -> Salvaged:
    return salvage(text_of(path), str(path))


def _trigger_of(salvaged: Salvaged) -> LoadedTrigger:
    document = salvaged.document
    problems = list(salvaged.problems)
    try:
        trigger = Trigger.model_validate(document.data, context=PARTS_ONLY)
    except ValidationError as error:
        problems += _problems_of_parts(error, salvaged) + _problems_beyond(error, salvaged)
    else:
        problems += _problems(check_trigger(trigger), document.source)
        if not problems:
            return LoadedTrigger(trigger, document.source)
    raise ConfigError(in_file_order(problems))


def _problems_of_parts(error: ValidationError, salvaged: Salvaged) -> list[Problem]:
    """What is wrong with the parts, without what was said of them when the YAML was read."""
    found = problems_of(error, salvaged.document.source)
    unread = {path_text(location) for location in salvaged.unread}
    return [problem for problem in found if problem.path not in unread]


def _problems_beyond(error: ValidationError, salvaged: Salvaged) -> list[Problem]:
    """What is also wrong, where the parts that were refused hid it.

    Whether names and steps fit together is only asked of a trigger whose parts are all well formed. So that
    one reading shows everything, it is asked of what is left without the refused parts.
    """
    document = salvaged.document
    locations = [each["loc"] for each in error.errors(include_url=False)]
    remaining = without_mistakes(document.data, locations)
    if remaining is None:
        return []
    try:
        trigger = Trigger.model_validate(remaining.data, context=PARTS_ONLY)
    except ValidationError:
        return []
    findings = [finding for finding in check_trigger(trigger) if not remaining.explains(finding)]
    return _problems(findings, document.source)


def _problems(findings: list[Finding], source: Source) -> list[Problem]:
    return [source.problem(finding.location, finding.value, finding.refused) for finding in findings]


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.glob("*.yaml"))
        yield from found
        for misnamed in sorted(path.glob("*.yml")):
            refused = Refused("would not be read", allowed="files that end in .yaml")
            problems.append(Source(str(misnamed), {}).problem((), UNSHOWN, refused))
