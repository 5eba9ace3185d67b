"""The readings that the documentation shows, made anew from its own examples and from the shipped triggers.

    python -m tests.readings

writes them after a reading, an example or a shipped trigger has changed; tests/unit/config/check/test_docs.py
fails while they differ.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from config.language import EventStep, Trigger
from config.loader import LoadedTrigger, load_triggers, parse_trigger
from config.reading import conditions, reading_of

ROOT: Final = Path(__file__).parents[1]
TRIGGERS: Final = ROOT / "config" / "triggers"
LANGUAGE_PAGE: Final = ROOT / "docs" / "triggers.md"
SHIPPED_PAGE: Final = ROOT / "docs" / "shipped-triggers.md"

_HEAD: Final = "trigger: example\nversion: 1\n"
_ACTIONS: Final = "actions: [{channel: crm, template: t}]\n"
_SECTION: Final = re.compile(r"^## (\w+)$")
_ROW: Final = re.compile(r"^(\| .+? \| .+? \| )`([^`]+)`(?:<br>\*([^*].*)\*)? \|$")
_FENCED: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """One row of a table: the YAML, as whose part it stands, and the reading printed under it."""

    section: str
    text: str
    printed: str | None
    line: int


def loaded_match(text: str) -> LoadedTrigger:
    """A trigger around the words of a `match`."""
    return parse_trigger(f"{_HEAD}match: {{{text}}}\n{_ACTIONS}")


def of_match(text: str) -> str:
    """The reading of a `match` block, without the action beside it."""
    said = reading_of(loaded_match(text).trigger)
    return "; ".join(sentence for sentence in said if sentence != "sends t by crm")


def of_where(text: str) -> str:
    """The reading of a condition that stands after an event `cart` and the events `views`."""
    before = "{event: a, as: cart}, {event: b, as: views, times: 2}"
    trigger = _trigger(f"match: {{within: 1d, steps: [{before}, {{event: c, where: {{{text}}}}}]}}\n{_ACTIONS}")
    step = trigger.match.steps[-1]
    assert isinstance(step, EventStep)
    assert step.where is not None
    return conditions.condition(step.where)


def of_policy(text: str) -> str:
    """The sentences that a policy adds, or what it changes of the action's."""
    said = reading_of(_trigger(f"match: {{steps: [{{event: a}}]}}\npolicy: {{{text}}}\n{_ACTIONS}"))[1:]
    return "; ".join(said[:-1] or said)


def of_actions(text: str) -> str:
    """The sentence of an action."""
    return reading_of(_trigger(f"match: {{steps: [{{event: a, as: first}}]}}\nactions: [{text}]\n"))[-1]


SECTIONS: Final[dict[str, Callable[[str], str]]] = {
    "match": of_match,
    "where": of_where,
    "policy": of_policy,
    "actions": of_actions,
}


def examples(page: Path) -> Iterator[Example]:
    """Every example in the tables of a page."""
    section = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        section = found[1] if (found := _SECTION.match(line)) else section
        if section in SECTIONS and line.startswith("| ") and not line.startswith(("| element", "| ---")):
            row = _ROW.match(line)
            assert row is not None, f"{page}:{number}: a row without an example"
            yield Example(section, row[2], row[3], number)


def whole_triggers(page: Path) -> list[str]:
    """The YAML blocks of a page."""
    return _FENCED.findall(page.read_text(encoding="utf-8"))


def with_readings(page: Path) -> str:
    """The page with the reading of each example under it."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for example in examples(page):
        row = _ROW.match(lines[example.line - 1])
        assert row is not None
        lines[example.line - 1] = f"{row[1]}`{row[2]}`<br>*{SECTIONS[example.section](example.text)}* |"
    return "\n".join(lines) + "\n"


def shipped_readings() -> str:
    """The page of the shipped triggers."""
    text = "# The shipped triggers, read aloud\n\nWritten by `python -m tests.readings` from `config/triggers/`.\n"
    for loaded in load_triggers([TRIGGERS]):
        name = loaded.trigger.trigger
        text += f"\n## {name}\n\n{loaded.trigger.description}\n\n"
        text += "".join(f"- {sentence}\n" for sentence in reading_of(loaded.trigger))
    return text


def _trigger(rest: str) -> Trigger:
    return parse_trigger(_HEAD + rest).trigger


def main() -> None:
    """Writes both pages."""
    LANGUAGE_PAGE.write_text(with_readings(LANGUAGE_PAGE), encoding="utf-8")
    SHIPPED_PAGE.write_text(shipped_readings(), encoding="utf-8")


if __name__ == "__main__":
    main()
