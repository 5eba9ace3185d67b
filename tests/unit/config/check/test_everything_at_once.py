"""One reading of a file says all that is wrong in it, from the YAML to what does not fit together."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_trigger, parse_trigger, survey_triggers

TEN_MISTAKES = Path(__file__).with_name("ten_mistakes.yaml")

PLAIN = """\
trigger: x
version: 1
match:
  steps:
    - {event: a, as: first}
    - {absent: b, within: 30m}
actions: [{channel: email, template: t}]
"""


def test_ten_mistakes_of_every_layer_are_said_each_at_its_line():
    with pytest.raises(ConfigError) as refusal:
        load_trigger(TEN_MISTAKES)
    assert [(problem.line, problem.path) for problem in refusal.value.problems] == [
        (5, "match.on_repeat"),
        (10, "match.steps[0].where.properties.price.gte"),
        (10, "match.steps[0].where.properties.price.above"),
        (12, "match.steps[1].within"),
        (14, "match.steps[1].where.properties.total.gt"),
        (16, "match.exit[0].evnt"),
        (17, "policy"),
        (18, "policy.holdout"),
        (19, "policy.holdout"),
        (23, "actions[1].channel"),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("trigger: x", "trigger: x\ntrigger: y", ["is written twice, first in line 1"]),
        ("version: 1", "version: !int 1", ["has the tag !int"]),
        ("version: 1", "version: 1e999", ["is too large a number"]),
        ("as: first}", "as: first, where: {properties.n: {gt: 1e999}}}", ["is too large a number"]),
        ("match:", "match: &m", []),
        ("{event: a, as: first}", "&s {event: a, as: first, where: *s}", ["contains itself"]),
    ],
)
def test_a_mistake_of_the_yaml_is_said_once_and_hides_none_of_the_others(right, wrong, expected):
    others = PLAIN.replace("template: t", "template: t, data: {x: $second.type}")
    with pytest.raises(ConfigError) as refusal:
        parse_trigger(others.replace(right, wrong, 1))
    assert [problem.message for problem in refusal.value.problems] == [*expected, "is not captured by any step"]


def test_a_survey_gives_the_good_triggers_beside_the_problems_of_the_others(tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text(PLAIN, encoding="utf-8")
    loaded, problems = survey_triggers([good, TEN_MISTAKES])
    assert [each.trigger.trigger for each in loaded] == ["x"]
    assert {problem.file for problem in problems} == {str(TEN_MISTAKES)}
