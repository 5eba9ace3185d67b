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
        ("{event: b, times: {min: 2, max: 2, contiguity: each}}", 6, ".times.contiguity",
         "contiguity: each inside times would make a match of every combination of events, without a bound",
         "relaxed, strict; contiguity: each on the step itself for a match of every first event"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_run_is_refused_at_its_line(step, line, path, what, allowed):
    text = trigger(f"steps:\n  - {{event: a, as: a}}\n  - {step}")
    (problem,) = problems(text)
    assert problem == f"trigger0.yaml:{line}: match.steps[1]{path}: {what}; allowed: {allowed}"


def test_an_absence_inside_the_group_that_begins_the_match_is_refused():
    assert cannot("steps:\n  - {any: [{event: a}, {all: [{event: b}, {absent: c, within: 1h}]}]}") == (
        "trigger0.yaml:5: match.steps[0].any[1].all[1]: is an absence inside the group that begins the match, and has "
        "nothing to count its time from; allowed: absent: TYPE, within: T as a step of its own before the group, or "
        "after it"
    )


def test_an_aggregate_over_a_first_step_without_a_span_is_refused():
    found = cannot("steps:\n  - {event: a, times: {min: 1}, having: {sum: properties.x, gte: 5}}")
    assert found == (
        "trigger0.yaml:5: match.steps[0].having: looks at every event of the key for ever, for the repetition has no "
        "span; allowed: times: {min: 1, within: 30d} beside it"
    )


@pytest.mark.parametrize("step", ["{wait: 1h}", "{absent: c, within: 1h}", "{idle: 1h}"])
def test_a_time_between_an_optional_first_step_and_the_first_that_must_come_is_refused(step):
    found = cannot(f"steps:\n  - {{event: a, optional: true}}\n  - {step}\n  - {{event: b}}")
    assert found == (
        "trigger0.yaml:6: match.steps[1]: counts its time from an event that may be left out, and then from nothing; "
        "allowed: no optional: true on the steps before it"
    )


def test_a_policy_cannot_ask_for_scores_nor_send_to_whom_the_profile_names():
    assert "policy.where.score.x.gt: a condition on score.x cannot run" in cannot(
        rest="policy: {where: {score.x: {gt: 1}}}"
    )
    assert "policy.recipient: $customer cannot run" in cannot(rest="policy: {recipient: $customer.friend}")


EACH = "steps: [{event: a, times: {min: 2, contiguity: each}}]"


def test_every_problem_of_every_file_is_reported_at_once():
    found = problems(
        trigger(EACH, rest="policy: {recipient: $customer.friend}"),
        trigger(EACH, name="other"),
    )
    assert [each.split(":")[0] for each in found] == ["trigger0.yaml", "trigger0.yaml", "trigger1.yaml"]


def test_programs_stand_in_order_of_name_whatever_the_order_of_files():
    texts = [trigger("steps: [{event: a}]", name=name) for name in ("b", "c", "a")]
    assert [program.name for program in compiled(*texts).programs] == ["a", "b", "c"]
