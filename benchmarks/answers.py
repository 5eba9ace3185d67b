"""An answer is what the abandonment rule found; engines are only compared while theirs are equal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Answer = list[tuple[int, str, str]]
"""Sorted (deadline in epoch ms, customer, event id of the cart); a pair found twice stands there twice."""


class WrongAnswerError(AssertionError):
    """An engine found something else than the reference did."""


def write_answer(answer: Answer, out: Path) -> None:
    """One line a match, its three fields between tabs."""
    with out.open("w", encoding="utf-8") as file:
        file.writelines(f"{deadline}\t{customer}\t{event_id}\n" for deadline, customer, event_id in answer)


def read_answer(*parts: Path) -> Answer:
    """Sorted, from one file or from the parts that parallel writers left."""
    answer: Answer = []
    for part in parts:
        with part.open(encoding="utf-8") as file:
            answer += answer_from(file)
    answer.sort()
    return answer


def answer_from(lines: Iterable[str]) -> Answer:
    """Sorted; each line as `write_answer` writes it, with or without its end."""
    matches = (line.rstrip("\n").split("\t") for line in lines)
    return sorted((int(deadline), customer, event_id) for deadline, customer, event_id in matches)


def assert_equal(found: Answer, expected: Answer, *, who: str) -> None:
    """Raises WrongAnswerError with the first differences of each kind."""
    if found == expected:
        return
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
    raise WrongAnswerError(
        f"{who}: {len(found)} matches where the reference has {len(expected)};"
        f" {len(missing)} missing, first {_first(missing)}; {len(extra)} extra, first {_first(extra)};"
        f" {len(found) - len(set(found))} found more than once"
    )


def _first(matches: Iterable[tuple[int, str, str]]) -> str:
    return str(next(iter(matches), "none"))
