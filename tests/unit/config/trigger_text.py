"""Triggers as short texts, and what is said about them when they are refused."""

import textwrap

import pytest

from config.errors import ConfigError, Problem
from config.language import Match, Trigger
from config.loader import parse_trigger

ACTIONS = "actions: [{channel: email, template: reminder}]"


def read(match: str, rest: str = ACTIONS) -> Trigger:
    """The trigger of a `match` block; `rest` are the lines at the top beside it."""
    text = "trigger: tested\nversion: 1\nmatch:\n" + textwrap.indent(textwrap.dedent(match).strip(), "  ")
    return parse_trigger(f"{text}\n{textwrap.dedent(rest).strip()}\n", "tested.yaml").trigger


def read_match(match: str) -> Match:
    return read(match).match


def read_step(step: str, before: str = "{event: a, as: a}"):
    """The second step of a match that ends with an event, so that a step of any kind may stand there."""
    return read_match(f"steps: [{before}, {step}, {{event: z}}]").steps[1]


def read_where(where: str):
    """The condition of the second step; the first is captured as `cart`, the repetition before it as `views`."""
    before = "{event: v, as: views, times: 2}, {event: c, as: cart}"
    return read_match(f"steps: [{before}, {{event: x, where: {where}}}]").steps[2].where


def problems(match: str, rest: str = ACTIONS) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as refusal:
        read(match, rest)
    return refusal.value.problems


def only_problem(match: str, rest: str = ACTIONS) -> Problem:
    found = problems(match, rest)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def where_problem(where: str) -> Problem:
    before = "{event: v, as: views, times: 2}, {event: c, as: cart}"
    return only_problem(f"steps: [{before}, {{event: x, where: {where}}}]")
