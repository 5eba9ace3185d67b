"""Suspicions about steps, exits and conditions that can never have a say."""

import pytest


@pytest.mark.parametrize(
    ("absent", "event"),
    [
        ("absent: b", "event: b"),
        ("absent: [b, c]", "event: c"),
        ('absent: "*"', "event: b"),
        ("{absent: b, where: {properties.x: {eq: 1}}}", "{event: b, where: {properties.x: {eq: 1}}}"),
        ("absent: b", "{event: b, where: {properties.x: {eq: 1}}}"),
    ],
)
def test_a_step_whose_event_must_be_absent_before_it_is_never_reached(folder, absent, event):
    event = event if event.startswith("{") else f"{{{event}}}"
    match = f"within: 1d\nsteps:\n  - event: a\n  - {absent}\n  - {event}"
    assert ("unreachable-step", 8) in folder.warnings(match)


def test_an_absence_lasts_until_the_next_event_whatever_is_waited_in_between(folder):
    match = "steps:\n  - event: a\n  - absent: b\n  - absent: c\n  - wait: 1h\n  - event: b\n    within: 2h"
    assert folder.warnings(match) == [("unreachable-step", 9)]


@pytest.mark.parametrize(
    ("absent", "event"),
    [
        ("absent: c", "event: b"),
        ("{absent: b, within: 1h}", "event: b"),
        ("{absent: b, where: {properties.x: {eq: 1}}}", "event: b"),
        ("absent: b", "event: [b, c]"),
    ],
)
def test_a_step_that_some_event_can_reach_is_fine(folder, absent, event):
    assert folder.warnings(f"within: 1d\nsteps:\n  - event: a\n  - {absent}\n  - {event}") == []


def test_an_exit_that_every_beginning_fits_takes_the_word_from_on_repeat(folder):
    match = """
        on_repeat: ignore
        steps: [{event: cart_add}, {absent: purchase, within: 1h}]
        exit:
          - event: refund
          - event: [cart_add, cart_remove]
        """
    warned = folder.only_warning(match)
    assert (warned.code, warned.line, warned.path) == ("exit-takes-beginning", 8, "match.exit[1]")
    assert "on_repeat: ignore has no say" in warned.message


@pytest.mark.parametrize(
    "exit", ["{event: cart_add, where: {properties.x: {eq: 1}}}", "{event: cart_add, key: session_id}"]
)
def test_an_exit_that_only_some_beginnings_fit_is_fine(folder, exit):
    match = f"steps: [{{event: cart_add}}, {{absent: purchase, within: 1h}}]\nexit: [{exit}]"
    assert folder.warnings(match) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gt: 5", "lt: 3"),
        ("gt: 5", "lt: 5"),
        ("gte: 5", "lt: 5"),
        ("eq: 1", "in: [2, 3]"),
        ("in: [1, 2]", "not_in: [2, 1]"),
        ("eq: 1", "ne: 1"),
        ("eq: 7", "lte: 6.5"),
        ("in: [1, 2]", "gt: 2"),
        ("exists: false", "eq: 1"),
        ('gt: "m"', 'lt: "c"'),
    ],
)
def test_conditions_that_no_value_fits_are_said_at_the_second_of_them(folder, one, other):
    match = f"steps:\n  - event: a\n    where:\n      properties.x:\n        {one}\n        {other}"
    assert folder.warnings(match) == [("contradiction", 9)]


@pytest.mark.parametrize(
    "where",
    [
        "{properties.x: {gte: 5, lte: 5}}",
        "{properties.x: {gt: 3, lt: 5}}",
        "{properties.x: {gt: 5}, properties.y: {lt: 3}}",
        "{any_of: [{properties.x: {gt: 5}}, {properties.x: {lt: 3}}]}",
        "{properties.x: {eq: 1, gt: $before.properties.x}}",
        "{properties.x: {exists: true, eq: 1}}",
        "{properties.x: {ne: 1, not_in: [2]}}",
        '{properties.x: {gt: 5, lt: "3 o\'clock"}}',
    ],
)
def test_conditions_that_some_value_may_fit_are_fine(folder, where):
    match = f"within: 1d\nsteps: [{{event: a, as: before}}, {{event: b, where: {where}}}]"
    assert folder.warnings(match) == []


@pytest.mark.parametrize(
    "where",
    [
        "{all_of: [{properties.x: {gt: 5}}, {properties.x: {lt: 3}}]}",
        "{any_of: [{properties.x: {gt: 5, lt: 3}}, {properties.y: {eq: 1}}]}",
        "{not: {properties.x: {gt: 5, lt: 3}}}",
        "{properties.x: {gt: 5}, all_of: [{properties.x: {lt: 3}}]}",
    ],
)
def test_a_contradiction_is_found_in_groups_too(folder, where):
    assert folder.warnings(f"steps:\n  - event: a\n    where: {where}") == [("contradiction", 6)]


def test_a_contradiction_in_the_policy_is_found_too(folder):
    rest = """
        policy:
          consent: marketing
          where: {$customer.age: {lt: 18, gt: 65}}
        actions: [{channel: email, template: t}]
        """
    assert folder.warnings("steps: [{event: a}]", rest) == [("contradiction", 7)]
