"""A `where` that looks at the repetitions of its own step taken so far."""

from tests.harness import event, run, trigger


def prices(*values):
    return [event("view", f"{i}m", id=f"v{i}", price=value) for i, value in enumerate(values, 1)]


def falling(before):
    return trigger(
        f"""
steps:
  - {before}
  - event: view
    as: v
    times: 3
    where: {{properties.price: {{lt: $v.prev.properties.price}}}}
"""
    )


def test_before_the_first_prev_is_the_event_of_the_step_before():
    text = falling("{event: offer}")
    events = [event("offer", "0s", price=10), *prices(12, 9, 9, 7, 8, 6)]
    assert run(text, events).evidence == [["offer@0s", "v2", "v4", "v6"]]


def test_before_the_first_prev_is_the_latest_event_of_a_group():
    text = falling("{all: [{event: offer}, {event: other}]}")
    events = [event("other", "0s", price=3), event("offer", "0s", price=10, id="last"), *prices(9, 8, 7)]
    assert run(text, events).evidence == [["other@0s", "last", "v1", "v2", "v3"]]


def test_in_a_first_step_it_reads_what_waits_in_the_window():
    text = trigger(
        """
steps:
  - event: view
    as: v
    times: {min: 2, max: 2, within: 1h}
    where: {any_of: [{properties.price: {gte: 100}}, {properties.price: {lt: $v.first.properties.price}}]}
"""
    )
    assert run(text, prices(5, 100, 120, 3)).evidence == [["v2", "v3"]]
    assert run(text, prices(5, 100, 3)).evidence == [["v2", "v3"]]


def test_sums_of_what_was_taken_so_far():
    text = trigger(
        """
steps:
  - {event: offer}
  - event: view
    as: v
    times: {min: 3}
    where: {any_of: [{properties.price: {lt: 5}}, {properties.price: {gt: $v.sum(properties.price)}}]}
"""
    )
    events = [event("offer", "0s"), *prices(9, 2, 3, 4, 6, 5)]
    found = run(text, events, chunk_size=1, snapshot_every=1)
    assert found.evidence == [["offer@0s", "v2", "v4"]]


def test_prev_outside_is_the_last_but_one_and_with_one_repetition_the_step_before():
    rest = "actions: [{channel: email, template: x, data: {prev: $v.prev.properties.price}}]"
    text = trigger("steps: [{event: offer}, {event: view, as: v, times: {min: 1, max: 3}}, {event: buy}]", rest=rest)
    offer, buy = event("offer", "0s", price=10), event("buy", "9m")
    assert run(text, [offer, *prices(5), buy]).data == [{"prev": 10}]
    assert run(text, [offer, *prices(5, 4, 3), buy]).data == [{"prev": 4}]
