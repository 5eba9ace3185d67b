"""No message, however odd, may stop the flow: it is an event or a dead letter, is written, and can be snapshotted."""

import pytest

from tests.harness import event, run, trigger

WATCHED = [
    trigger(
        "steps: [{event: a, as: a}, {absent: b, within: 30m}]",
        rest="actions: [{channel: email, template: x, data: {x: $a.properties.x, at: $a.event_time}}]",
    ),
    trigger("steps: [{event: a}]", name="arrival"),
    trigger("key: properties.k\nsteps: [{event: a}, {idle: 5m}]", name="foreign"),
]


def fates(properties='{"k":"k1","x":1}', time="1767607200000", context="{}"):
    """Feeds the event, snapshots while it waits and while its match is open, writes what fired."""
    raw = (
        f'{{"event_id":"e","type":"a","customer_id":"c1","event_time":{time},'
        f'"properties":{properties},"context":{context}}}'
    )
    later = [event("z", when, id=when) for when in ("1ms", "1m", "2m", "3m")]
    found = run(WATCHED, [{"raw": raw.encode()}, *later], chunk_size=1, snapshot_every=1, at_end="flush")
    found.lines()
    return found.tally.of("matched") + found.tally.of("late") + len(found.dead)


@pytest.mark.parametrize(
    "x",
    [
        '"\\u0000"', '"\\ud800"', "1e999", "-1e999", "18446744073709551615", "-9223372036854775808", "[]", "{}", "null",
        '""', "[[1,[2]],{}]", "1e-999", "NaN", "[" * 100 + "]" * 100, '"' + "é" * 10_000 + '"',
        "[" * 1_000 + "]" * 1_000, "[" * 100_000,
    ],
)  # fmt: skip
def test_no_value_stops_the_flow(x):
    assert fates(properties=f'{{"k":"k1","x":{x}}}') == 5


@pytest.mark.parametrize("x", ["1" + "0" * 30, "-9223372036854775809", "1" + "0" * 5_000])
def test_no_whole_number_stops_the_flow(x):
    assert fates(properties=f'{{"k":"k1","x":{x}}}') == 5


@pytest.mark.parametrize("depth", [255, 600])
def test_no_nesting_stops_the_flow(depth):
    assert fates(properties='{"k":"k1","x":' + "[" * depth + "]" * depth + "}") == 5


@pytest.mark.parametrize(
    "time", ['"0001-01-01T00:00:00+10:00"', '"9999-12-31T23:59:59-10:00"', "-62135596800000", "253402300799999"]
)
def test_no_time_stops_the_flow(time):
    assert fates(time=time) == 5


@pytest.mark.parametrize("context", ['{"kind":5}', '{"kind":["system"]}', "[]", "null", '{"kind":1e999}', "  {}  "])
def test_no_context_stops_the_flow(context):
    assert fates(context=context) == 5


@pytest.mark.parametrize("properties", ['{"k":[["k1",["k2"]],{"x":1}]}', '{"k":{"k":"k1"}}', '{"k":""}', '{"k":1.5}'])
def test_no_key_stops_the_flow(properties):
    assert fates(properties=properties) == 5
