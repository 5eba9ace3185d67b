"""Every example of the documentation loads, and every reading it prints is the one that `config.check` gives."""

import re

import pytest

from config.check.checked import SAME_MATCH, SUSPICIONS
from config.check.state_bound import state_bound
from config.check.suspicion import Surroundings
from config.language import AbsentStep, Action, AllStep, AtStep, Cap, EventStep, Idle, Match, Policy, QuietHours, Times
from config.language.conditions import GROUPS, OPERATORS
from config.loader import parse_trigger
from config.references import AGGREGATES
from tests import readings

EXAMPLES = list(readings.examples(readings.LANGUAGE_PAGE))
PAGES = (readings.LANGUAGE_PAGE, readings.ROOT / "README.md")
MORE_WORDS = {
    "match": ("all", "any", "wait", "at", "of", "for", *AGGREGATES),
    "where": (*OPERATORS, *GROUPS),
    "policy": (),
    "actions": (),
}
MODELS = {
    "match": (Match, EventStep, AbsentStep, AllStep, AtStep, Idle, Times),
    "where": (),
    "policy": (Policy, Cap, QuietHours),
    "actions": (Action,),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_an_example_loads_and_reads_as_is_printed_under_it(example):
    assert readings.SECTIONS[example.section](example.text) == example.printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_whole_trigger_of_a_page_loads(page):
    found = readings.whole_triggers(page)
    assert found
    for text in found:
        parse_trigger(text, page.name)


def test_the_shipped_triggers_read_as_their_page_says():
    assert readings.SHIPPED_PAGE.read_text(encoding="utf-8") == readings.shipped_readings(), (
        "python -m tests.readings writes the page anew"
    )


@pytest.mark.parametrize("section", MODELS)
def test_every_word_of_the_language_has_an_example(section):
    words = {word for model in MODELS[section] for word in model.words()} | set(MORE_WORDS[section])
    rows = [line for line in readings.LANGUAGE_PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    shown = " ".join(row.partition("<br>")[0] for row in rows)
    assert sorted(word for word in words if not re.search(rf"\b{word}\b", shown)) == []


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.section == "match"], ids=lambda each: each.text)
def test_every_check_looks_at_every_element_and_points_at_what_is_written(example):
    loaded = readings.loaded_match(example.text)
    assert len(state_bound(loaded.trigger)) <= 3
    for suspect in SUSPICIONS.values():
        for suspicion in suspect(loaded.trigger, Surroundings()):
            assert suspicion.location in loaded.source.positions


def test_what_the_first_example_keeps_is_printed():
    page = readings.LANGUAGE_PAGE.read_text(encoding="utf-8")
    first, *_ = readings.whole_triggers(readings.LANGUAGE_PAGE)
    kept = "".join(f"    {holding}\n" for holding in state_bound(parse_trigger(first).trigger))
    assert f"  keeps for a customer at most:\n{kept}```" in page


def test_every_warning_is_listed():
    page = readings.LANGUAGE_PAGE.read_text(encoding="utf-8").partition("## Warnings")[2]
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == [*SUSPICIONS, SAME_MATCH]
