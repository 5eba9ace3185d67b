"""The oracle itself, held against what was worked out by hand (`tests.property.by_hand`)."""

import json

import pytest

from config.loader import parse_trigger
from tests.harness import event, trigger
from tests.moments import since_start, us
from tests.property import oracle
from tests.property.by_hand import several, several_matches, steps


def log_of(text):
    events = []
    for part in text.split(", "):
        what, *properties = part.split()
        kind, when = what.split("@")
        values = {name: json.loads(value) for name, value in (each.split("=", 1) for each in properties)}
        if "id" in values:
            values["id"] = str(values["id"])
        found = event(kind, when, **values)
        events.append(found | {"event_time": found["event_time"] * 1_000})
    return events


def told(match, log, *, bound="1d", at_end="flush", rest="", **options):
    """In order of event time, for what is late in a test with ``bound="0s"`` stands out of it."""
    found = oracle.answers(
        parse_trigger(trigger(match, rest=rest)).trigger, log_of(log), bound_us=us(bound), at_end=at_end, **options
    )
    lines = [
        ("expired " if each.expired else "") + f"{since_start(each.time)}: " + " ".join(id for _, id in each.rows)
        for each in sorted(found.answers, key=lambda each: (each.time, each.rows))
    ]
    assert found.tally["matches"] == sum(not each.expired for each in found.answers)
    return lines


ALL = [
    *(steps.SEQUENCES + steps.ABSENCES + steps.TIME + steps.FIRST_STEP),
    *(several.LOOPS + several.NEIGHBOURS + several.GROUPS),
    *(several_matches.SKIPS + several_matches.LATE + several_matches.KEYS),
]


@pytest.mark.parametrize(("match", "log", "lines", "options"), ALL)
def test_it_tells_what_was_worked_out_by_hand(match, log, lines, options):
    assert told(match, log, **options) == lines
