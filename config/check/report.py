"""What was checked, as text: one line an error or warning, then a paragraph a trigger."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.check.checked import Checked, CheckedTrigger
from config.errors import path_text
from config.reading import words


@dataclass(frozen=True, slots=True)
class Paint:
    """Escape codes around what stands out, or none."""

    coloured: bool

    def error(self, text: str) -> str:
        return self._painted("1;31", text)

    def warning(self, text: str) -> str:
        return self._painted("1;33", text)

    def name(self, text: str) -> str:
        return self._painted("1", text)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text


def report(checked: Checked, paint: Paint, *, quiet: bool = False) -> Iterator[str]:
    """The lines; `quiet` leaves out what the good triggers mean and cost."""
    for problem in checked.problems:
        yield f"{paint.error('error:')} {problem}"
    for warned in checked.warnings:
        yield f"{paint.warning('warning:')} {warned}"
    if not quiet:
        for each in checked.triggers:
            yield ""
            yield from _paragraph(each, paint)
        yield ""
    triggers, errors, warnings = (len(each) for each in (checked.triggers, checked.problems, checked.warnings))
    yield f"{_counted(triggers, 'good trigger')}, {_counted(errors, 'error')}, {_counted(warnings, 'warning')}"


def _paragraph(each: CheckedTrigger, paint: Paint) -> Iterator[str]:
    trigger = each.trigger
    yield f"{paint.name(trigger.trigger)} (version {trigger.version}), {each.file}"
    for sentence in each.reading:
        yield f"  {sentence}"
    if not each.holdings:
        yield "  keeps nothing"
        return
    yield f"  keeps for {words.who(trigger.match.key)} at most:"
    for holding in each.holdings:
        yield f"    {holding}"
    for endless in each.endless:
        yield f"    unbounded: {path_text(endless.location)} {endless.reason}; the way out: {endless.way_out}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
