"""What this version cannot run is refused when it is loaded, with file, line, path and the way out."""

import pytest

from config.errors import ConfigError
from tests.harness import compiled, trigger

PLAIN = "steps:\n  - {event: a, as: a}\n  - {event: b}"


def problems(*texts):
    with pytest.raises(ConfigError) as refused:
        compiled(*texts)
    return [str(problem) for problem in refused.value.problems]


def cannot(match=PLAIN, rest=""):
    """The one problem of this trigger, without what every such problem ends in."""
    (problem,) = problems(trigger(match, rest=rest))
    return problem


@pytest.mark.parametrize(
    ("step", "line", "path", "what", "allowed"),
    [
        ("{event: b, contiguity: strict}", 6, ".contiguity", "contiguity: strict", "relaxed"),
        ("{event: b, contiguity: each}", 6, ".contiguity", "contiguity: each", "relaxed"),
        ("{event: b, optional: true}", 6, ".optional", "optional", "no optional"),
        ("{event: b, times: {min: 2, max: 3}}", 6, ".times", "a range of times", "one number, e.g. times: 3"),
        ("{event: b, times: {min: 2}}", 6, ".times", "a range of times", "one number, e.g. times: 3"),
        ("{event: b, times: {min: 2, max: 2, contiguity: strict}}", 6, ".times.contiguity", "contiguity: strict",
         "relaxed"),
        ("{event: b, times: {min: 2, max: 2, within: 1h}}", 6, ".times.within", "a span of times on a later step",
         "within on the step, or a first step"),
        ("{event: b, times: 2, until: {event: c}}", 6, ".until", "until", "no until"),
        ("{event: b, times: 2, having: {sum: properties.x, gte: 5}}", 6, ".having", "having", "no having"),
        ("{wait: $a.properties.pause}", 6, ".wait", "a wait as long as an event says", "a duration"),
        ("{at: $a.properties.when}", 6, ".at", "the step `at`", "event, absent, idle, wait"),
        ('{at: "09:00"}', 6, ".at", "the step `at`", "event, absent, idle, wait"),
        ("{all: [{event: b}, {event: c}]}", 6, ".all", "the step `all`", "event, absent, idle, wait"),
        ("{any: [{event: b}, {event: c}]}", 6, ".any", "the step `any`", "event, absent, idle, wait"),
        ('{absent: "*", key: properties.c, within: 1h}', 6, ".key", "a key of its own on any type",
         "types beside a key of their own"),
        ("{event: b, as: b, times: 2, where: {properties.x: {eq: $b.first.properties.x}}}", 6, ".where.properties.x.eq",
         "a condition on what the repetition has so far", "a reference to an earlier step"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_run_is_refused_at_its_line(step, line, path, what, allowed):
    text = trigger(f"steps:\n  - {{event: a, as: a}}\n  - {step}")
    (problem,) = problems(text)
    assert (
        problem
        == f"trigger0.yaml:{line}: match.steps[1]{path}: {what} cannot run in this version yet; allowed: {allowed}"
    )


def test_a_first_step_that_is_no_event_is_refused():
    assert cannot("steps:\n  - {absent: a, within: 1h}\n  - {event: b}") == (
        "trigger0.yaml:5: match.steps[0]: a first step that is no event cannot run in this version yet; "
        "allowed: event as the first step"
    )


@pytest.mark.parametrize(
    ("line", "path", "what", "allowed"),
    [
        ("fires: once", "match.fires", "fires: once", "always"),
        ("fires: {once_per: 7d}", "match.fires", "fires: once_per", "always"),
        ("after_match: skip_to_next", "match.after_match", "after_match: skip_to_next with on_repeat: restart",
         "keep with overlap; keep or skip_past_last otherwise"),
        ("after_match: {skip_to_first: a}", "match.after_match", "after_match: skip_to_first with on_repeat: restart",
         "keep with overlap; keep or skip_past_last otherwise"),
    ],
)  # fmt: skip
def test_a_word_of_the_match_that_cannot_run_is_refused_at_its_line(line, path, what, allowed):
    assert (
        cannot(f"{line}\n{PLAIN}")
        == f"trigger0.yaml:4: {path}: {what} cannot run in this version yet; allowed: {allowed}"
    )


def test_overlap_with_skip_past_last_is_refused():
    assert "after_match: skip_past_last with on_repeat: overlap cannot run in this version yet" in cannot(
        f"on_repeat: overlap\nafter_match: skip_past_last\n{PLAIN}"
    )


def test_on_expire_is_refused():
    text = f"within: 1h\non_expire: {{actions: [{{channel: push, template: x}}]}}\n{PLAIN}"
    assert "match.on_expire: on_expire cannot run in this version yet; allowed: no on_expire" in cannot(text)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("consent", "marketing"), ("holdout", "10%"), ("cooldown", "24h"), ("max_age", "6h"), ("arbitration", "1m"),
        ("quiet_hours", "{from: 21:00, to: 08:00}"), ("caps", "[{channel: email, max: 3, per: 7d}]"),
        ("where", "{$customer.country: {eq: norway}}"),
    ],
)  # fmt: skip
def test_policy_that_cannot_run_is_refused(word, value):
    found = cannot(rest=f"policy: {{{word}: {value}}}")
    assert f"policy.{word}: policy.{word} cannot run in this version yet; allowed: recipient, priority" in found


@pytest.mark.parametrize(
    ("action", "path", "what"),
    [
        ("{channel: e, template: x, after: 1d}", "actions[0].after", "an action that waits"),
        ("{channel: e, template: x, data: {n: $customer.name}}", "actions[0].data.n", "$customer"),
        ("{channel: e, template: x, data: {n: [$a.sum(properties.x)]}}", "actions[0].data.n[0]", "$a.sum"),
        ("{channel: e, template: x, data: {n: {m: $a.prev.properties.x}}}", "actions[0].data.n.m", "$a.prev"),
    ],
)
def test_an_action_that_cannot_run_is_refused(action, path, what):
    match = "steps:\n  - {event: a, as: a, times: 2}\n  - {event: b}"
    assert f"{path}: {what} cannot run in this version yet" in cannot(match, rest=f"actions: [{action}]")


def test_unless_is_refused_beside_after():
    found = problems(trigger(PLAIN, rest="actions: [{channel: e, template: x, after: 1d, unless: [{event: c}]}]"))
    assert len(found) == 2
    assert any("actions[0].unless: unless cannot run" in each for each in found)


def test_an_exit_is_asked_too():
    assert "match.exit[0].key: a key of its own on any type" in cannot(
        f'{PLAIN}\nexit: [{{event: "*", key: session_id}}]'
    )


def test_every_problem_of_every_file_is_reported_at_once():
    found = problems(
        trigger("fires: once\nsteps: [{event: a}]", rest="policy: {cooldown: 1d}"),
        trigger("fires: once\nsteps: [{event: a}]", name="other"),
    )
    assert [each.split(":")[0] for each in found] == ["trigger0.yaml", "trigger0.yaml", "trigger1.yaml"]


def test_programs_stand_in_order_of_name_whatever_the_order_of_files():
    texts = [trigger("steps: [{event: a}]", name=name) for name in ("b", "c", "a")]
    assert [program.name for program in compiled(*texts).programs] == ["a", "b", "c"]
