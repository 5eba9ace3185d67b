"""Suspicions about what a trigger keeps and receives."""

import pytest


@pytest.mark.parametrize(
    ("match", "line", "way_out"),
    [
        ("steps:\n  - event: a\n  - event: b", 6, "within: T on it or on match"),
        ("steps:\n  - event: a\n  - wait: 1h\n  - event: b", 7, "within: T on it or on match"),
        ("steps:\n  - event: a\n  - event: b\n    times: {min: 2, within: 1h}", 6, "within: T on it or on match"),
        ("steps:\n  - event: a\n  - any: [{event: b}, {absent: c, within: 1h}]", 6, "within: T on it or on match"),
        ("steps:\n  - event: a\n    times: 3", 5, "within: T in times: or on match"),
        ("steps:\n  - all: [{event: a}, {event: b}]", 5, "within: T on it or on match"),
        ("steps:\n  - any: [{event: a}, {all: [{event: b}, {event: c}]}]", 5, "within: T on match"),
        ("on_repeat: overlap\nsteps:\n  - event: a\n  - event: b", 7, None),
    ],
)
def test_a_match_that_nothing_ends_is_said_at_the_step_that_waits(folder, match, line, way_out):
    folder.add(match)
    (warned,) = [each for each in folder.checked().warnings if each.code == "unbounded-match"]
    assert warned.line == line
    assert way_out is None or warned.way_out == way_out


@pytest.mark.parametrize(
    "match",
    [
        "steps: [{event: a}]",
        "steps: [{event: a}, {event: b, within: 1h}]",
        "steps: [{event: a}, {absent: c}, {event: b, within: 1h}]",
        "within: 1h\nsteps: [{event: a}, {event: b}, {event: c}]",
        "within: 1h\nsteps: [{event: a, times: 3}]",
        "steps: [{event: a, times: 3, within: 1h}]",
        "steps: [{event: a, times: {min: 1, max: 3}}]",
        "steps: [{event: a}, {event: b, optional: true}]",
        "steps: [{all: [{event: a}, {event: b}], within: 1h}]",
        "steps: [{any: [{event: a}, {event: b}]}]",
    ],
)
def test_a_match_that_ends_is_fine(folder, match):
    assert folder.warnings(match) == []


@pytest.mark.parametrize(
    ("match", "line", "way_out"),
    [
        ("steps:\n  - event: a\n  - idle: 30m", 6, "idle: {for: T, of: [TYPE, …]}"),
        ("steps:\n  - event: a\n  - {event: b, contiguity: strict, within: 1h}", 6, "absent step"),
        ("steps:\n  - event: a\n    times: {min: 3, within: 1h, contiguity: strict}", 6, "until:"),
        ('steps:\n  - event: a\n  - absent: "*"\n    within: 1h', 6, "the types that matter"),
        ('steps: [{event: a}, {wait: 1h}]\nexit:\n  - event: "*"', 6, "the types that matter"),
        ('steps:\n  - event: a\n  - {event: b, times: 2, within: 1h, until: {event: "*"}}', 6, "the types that matter"),
    ],
)
def test_what_makes_a_trigger_receive_every_event_is_named(folder, match, line, way_out):
    folder.add(match)
    (warned,) = [each for each in folder.checked().warnings if each.code == "every-event"]
    assert warned.line == line
    assert way_out in warned.way_out
    assert "every event of a customer" in warned.message


@pytest.mark.parametrize("step", ["{idle: {for: 30m, of: [a]}}", "{absent: [b, c], within: 1h}"])
def test_a_trigger_that_names_its_types_receives_only_those(folder, step):
    assert folder.warnings(f"steps: [{{event: a}}, {step}]") == []


def test_once_costs_a_mark_per_key_for_ever_and_the_price_is_said(folder):
    warned = folder.only_warning("fires: once\nkey: [customer_id, properties.sku]\nsteps: [{event: a}]")
    assert (warned.code, warned.line) == ("mark-for-ever", 4)
    assert "about 85 bytes for ever for each customer_id and sku" in warned.message
    assert "850 MB for 10 million" in warned.message


def test_a_mark_with_an_end_is_fine(folder):
    assert folder.warnings("fires: {once_per: 365d}\nsteps: [{event: a}]") == []


@pytest.mark.parametrize(("span", "codes"), [("24h", ["long-overlap"]), ("23h", [])])
def test_overlap_is_suspicious_where_matches_add_up_for_a_day(folder, span, codes):
    found = folder.warnings(f"on_repeat: overlap\nsteps: [{{event: a}}, {{absent: b, within: {span}}}]")
    assert found == [(code, 4) for code in codes]


def test_overlap_without_an_end_grows_for_ever(folder):
    warned = folder.warnings("on_repeat: overlap\nsteps:\n  - event: a\n  - event: b")
    assert warned == [("long-overlap", 4), ("unbounded-match", 7)]
