"""Suspicions about spans: too short, impossible, started again, without a clock."""

import pytest


def test_seconds_of_absence_are_suspicious_and_minutes_are_meant(folder):
    warned = folder.only_warning("""
        steps:
          - event: cart_add
          - absent: purchase
            within: 30s
        """)
    assert (warned.code, warned.line, warned.path) == ("short-wait", 7, "match.steps[1].within")
    assert warned.way_out == "did you mean 30m?"


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("{idle: {for: 45s, of: [a]}}", 6),
        ("{wait: 10s}", 6),
        ("{any: [{event: b}, {absent: c, within: 59s}], within: 1h}", 6),
    ],
)
def test_every_step_in_which_nothing_happens_can_be_too_short(folder, step, line):
    assert folder.warnings(f"steps:\n  - event: a\n  - {step}") == [("short-wait", line)]


@pytest.mark.parametrize(
    "match",
    [
        "steps: [{event: a}, {absent: b, within: 1m}]",
        "steps: [{event: click, times: 5, within: 10s}]",
        "steps: [{event: a}, {event: b, within: 5s}]",
        "steps: [{absent: a, within: 5s}, {event: a}]",
    ],
)
def test_a_minute_is_enough_and_events_may_be_seconds_apart(folder, match):
    assert folder.warnings(match) == []


@pytest.mark.parametrize("wait", ["wait: 2h", "absent: c\n    within: 2h", "idle: {for: 2h, of: [a]}"])
def test_an_event_cannot_come_before_the_wait_in_front_of_it_is_over(folder, wait):
    match = f"steps:\n  - event: a\n  - {wait}\n  - {{event: b, within: 2h}}"
    line = 7 + wait.count("\n")
    assert folder.warnings(match) == [("within-shorter-than-wait", line)]
    assert folder.warnings(match.replace("{event: b, within: 2h}", "{event: b, within: 121m}")) == []


def test_a_match_cannot_be_shorter_than_all_that_is_waited_between_its_events(folder):
    match = """
        within: 3h
        steps: [{event: a}, {wait: 1h}, {event: b}, {wait: 2h}, {event: c}, {wait: 9h}]
        """
    assert folder.warnings(match) == [("within-shorter-than-wait", 4)]
    assert folder.warnings(match.replace("3h", "4h")) == []


@pytest.mark.parametrize("timed", ["{absent: c, within: 1h}", "{wait: 1h}", "{idle: {for: 1h, of: [c]}}"])
def test_an_optional_event_before_a_timed_step_makes_two_beginnings_of_the_time(folder, timed):
    match = f"steps:\n  - event: a\n  - event: b\n    optional: true\n  - {timed}"
    assert folder.warnings(match) == [("optional-before-time", 7)]
    assert folder.warnings(match.replace("optional: true", "within: 1h")) == []


QUIET = """
policy:
  consent: marketing
  quiet_hours: {from: 21:00, to: 08:00}
actions: [{channel: email, template: t}]
"""


@pytest.mark.parametrize("timezone", ["", ", timezone: $customer.timezone"])
def test_quiet_hours_need_a_timezone_for_everybody(folder, timezone):
    rest = QUIET.replace("08:00", f"08:00{timezone}")
    assert folder.warnings("steps: [{event: a}, {wait: 1h}]", rest) == [("no-timezone", 7)]
    folder.policy.write_text("consent: [marketing]\ndefault_timezone: Europe/Oslo\n", encoding="utf-8")
    assert folder.warnings("steps: [{event: a}, {wait: 1h}]", rest) == []


def test_quiet_hours_in_a_named_timezone_need_no_default(folder):
    rest = QUIET.replace("08:00", "08:00, timezone: Europe/Oslo")
    assert folder.warnings("steps: [{event: a}, {wait: 1h}]", rest) == []


def test_a_local_time_needs_a_timezone_for_everybody(folder):
    match = "steps:\n  - event: a\n  - at: mon 09:00"
    assert folder.warnings(match) == [("no-timezone", 6)]
    folder.policy.write_text("consent: [marketing]\ndefault_timezone: Europe/Oslo\n", encoding="utf-8")
    assert folder.warnings(match) == []
