"""What is left of a trigger file when its refused parts are taken out, so that the rest can still be checked.

A refused part is replaced by the plainest one that fits there. Names that went with it are remembered: what
is then said about them is not reported.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from config.errors import Location
from config.model import Finding

_STAND_IN: Final = "stand_in"
_STEP_KINDS: Final = ("event", "absent", "idle", "wait", "at", "all", "any")
# Words of a step whose absence would itself be a mistake, with something harmless.
_HARMLESS: Final = {"event": _STAND_IN, "absent": _STAND_IN, "within": "1s", "times": {"min": 1}}


@dataclass(slots=True)
class Remaining:
    """The data without its mistakes. `names` were given by parts that are gone."""

    data: dict[str, Any]
    names: set[str] = field(default_factory=set)
    key_is_gone: bool = False

    def explains(self, finding: Finding) -> bool:
        """Whether the finding may only come from what was taken out."""
        if self.key_is_gone and "key" in finding.location:
            return True
        asked = str(finding.value).removeprefix("$").partition(".")[0]
        return asked in self.names


def without_mistakes(data: dict[str, Any], locations: Iterable[Location]) -> Remaining | None:
    """`data` without the parts at `locations`; `None` when there is no match to look at."""
    match = data.get("match")
    if not isinstance(match, dict) or not isinstance(match.get("steps"), list) or not match["steps"]:
        return None
    remaining = Remaining(copy.deepcopy(data))
    for location in locations:
        _take_out(remaining, location)
    return remaining


def _take_out(remaining: Remaining, location: Location) -> None:
    data = remaining.data
    match location:
        case ("match", "steps", int(index), *below):
            _take_out_of_step(remaining, index, below)
        case ("match", "key", *_):
            remaining.key_is_gone = True
            data["match"].pop("key", None)
        case ("match", "exit", int(index), *_):
            data["match"]["exit"][index] = {"event": _STAND_IN}
        case ("match", str(word), *_) if word != "steps":
            data["match"].pop(word, None)
        case ("policy", str(word), *_) if isinstance(data["policy"], dict):
            data["policy"].pop(word, None)
        case ("actions", int(index), *below):
            _take_out_of_action(data["actions"], index, below)
        case ("actions", *_):
            data["actions"] = [_action(0)]
        case ("trigger", *_):
            data["trigger"] = _STAND_IN
        case ("version", *_):
            data["version"] = 1
        case (str(word), *_) if word != "match":
            data.pop(word, None)


def _take_out_of_step(remaining: Remaining, index: int, below: list[str | int]) -> None:
    steps = remaining.data["match"]["steps"]
    step = steps[index]
    word = below[0] if below else None
    kinds = [kind for kind in _STEP_KINDS if isinstance(step, dict) and kind in step]
    if word is None or len(kinds) != 1 or word in ("all", "any"):
        remaining.names |= _names_in(step)
        steps[index] = {"event": _STAND_IN}
    elif word in ("idle", "wait", "at"):
        steps[index] = {"wait": "1s"}
    elif word == "as":
        remaining.names.add(str(step.pop("as", None)))
    elif word == "where":
        _drop(step, below)
    elif word in _HARMLESS:
        step[word] = _HARMLESS[word]
    else:
        step.pop(word, None)


def _take_out_of_action(actions: list[Any], index: int, below: list[str | int]) -> None:
    action = actions[index]
    if not below or not isinstance(action, dict):
        actions[index] = _action(index)
    elif below[0] in ("channel", "template", "name"):
        action[below[0]] = f"{_STAND_IN}_{index}"
    elif below[0] == "after":
        action["after"] = "1s"
    elif below[0] == "data":
        _drop(action, below)
    else:
        action.pop(below[0], None)


def _drop(part: dict[str, Any], below: list[str | int]) -> None:
    """Deletes what is at `below`, or the whole first word if that would empty or shift something."""
    inner: Any = part
    for word in below[:-1]:
        if not isinstance(inner, dict) or word not in inner:
            break
        inner = inner[word]
    if isinstance(inner, dict) and below[-1] in inner and len(inner) > 1:
        del inner[below[-1]]
    else:
        part.pop(str(below[0]), None)


def _names_in(step: Any) -> set[str]:
    match step:
        case dict():
            inner = set().union(*(_names_in(each) for each in step.values()))
            return inner | ({str(step["as"])} if "as" in step else set())
        case list():
            return set().union(*(_names_in(each) for each in step))
        case _:
            return set()


def _action(index: int) -> dict[str, str]:
    return {"channel": f"{_STAND_IN}_{index}", "template": _STAND_IN}
