"""Files and folders of triggers: everything wrong in all of them is said at once, each at its line."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_trigger, load_triggers, locate, parse_trigger

GOOD = """
trigger: {name}
version: 1
match: {{steps: [{{event: signup}}]}}
actions: [{{channel: email, template: welcome}}]
"""

TEN_MISTAKES = """\
trigger: Cart Abandonment
version: 1
match:
  key: product_id
  on_repeat: restrt
  steps:
    - event: cart_add
      as: cart
      where:
        properties.price: {gte: 20, above: 5}
    - absent: purchase
      within: 30 minutes
      where:
        properties.total: {gt: $crat.properties.price}
  exit:
    - {evnt: refund}
policy:
  holdout: 10
actions:
  - channel: email
    template: cart-reminder
    data: {product_id: $basket.properties.product_id}
  - channel: email
    template: again
"""

PLAIN = """\
trigger: x
version: 1
match:
  steps:
    - event: cart_add
    - absent: purchase
      within: 30m
actions: [{channel: email, template: t}]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mistake_is_one_line_with_file_line_path_value_and_what_is_allowed():
    text = GOOD.format(name="x").replace("[{event: signup}]", "\n  [{event: a}, {absent: b, within: 30 minutes}]")
    with pytest.raises(ConfigError) as refusal:
        parse_trigger(text, "config/triggers/x.yaml")
    assert str(refusal.value) == (
        'config/triggers/x.yaml:5: match.steps[1].within: "30 minutes" is not a duration; '
        "allowed: a number and one of ms s m h d w, e.g. 30m; did you mean 30m?"
    )
    assert refusal.value.problems[0].column is not None


def test_ten_mistakes_in_one_file_are_ten_problems_each_at_its_line():
    with pytest.raises(ConfigError) as refusal:
        parse_trigger(TEN_MISTAKES, "x.yaml")
    assert [(problem.line, problem.path) for problem in refusal.value.problems] == [
        (1, "trigger"),
        (4, "match.key"),
        (5, "match.on_repeat"),
        (10, "match.steps[0].where.properties.price.above"),
        (12, "match.steps[1].within"),
        (14, "match.steps[1].where.properties.total.gt"),
        (16, "match.exit[0].evnt"),
        (18, "policy.holdout"),
        (22, "actions[0].data.product_id"),
        (23, "actions[1].channel"),
    ]


def test_each_mistake_put_right_is_one_problem_less():
    text = TEN_MISTAKES
    right = [
        ("Cart Abandonment", "cart_abandonment"),
        ("key: product_id", "key: customer_id"),
        ("restrt", "restart"),
        (", above: 5", ", lte: 5"),
        ("30 minutes", "30m"),
        ("$crat", "$cart"),
        ("evnt", "event"),
        ("holdout: 10", "holdout: 10%"),
        ("$basket", "$cart"),
        ("- channel: email\n    template: again", "- channel: push\n    template: again"),
    ]
    for left, (wrong, fixed) in zip(range(len(right) - 1, -1, -1), right, strict=True):
        text = text.replace(wrong, fixed)
        if left:
            with pytest.raises(ConfigError) as refusal:
                parse_trigger(text)
            assert len(refusal.value.problems) == left, str(refusal.value)
    assert parse_trigger(text).trigger.trigger == "cart_abandonment"


@pytest.mark.parametrize(
    "step",
    [
        "{event: a b, as: cart}",
        "{event: a, as: cart, times: often}",
        "{event: a, as: cart, within: soon}",
        "{event: a, absent: b, as: cart}",
        "{all: [{event: a b, as: cart}], within: 1h}",
        "{evnt: a, as: cart}",
        "{event: a, as: cart, wher: {}}",
        "{event: a, as: cart, until: 5}",
    ],
)
def test_a_name_given_by_a_refused_step_is_not_called_unknown_as_well(step):
    text = GOOD.format(name="x").replace("{event: signup}", step).replace("welcome", "t, data: {x: $cart.type}")
    with pytest.raises(ConfigError) as refusal:
        parse_trigger(text)
    assert not [problem for problem in refusal.value.problems if "captured" in problem.message]


def test_a_folder_is_read_by_name_and_a_file_by_itself(tmp_path):
    folder = tmp_path / "triggers"
    folder.mkdir()
    write(folder, "b.yaml", GOOD.format(name="first_by_name"))
    write(folder, "c.yaml", GOOD.format(name="second_by_name"))
    write(folder, "notes.txt", "no trigger")
    alone = write(tmp_path, "a.yaml", GOOD.format(name="alone"))
    loaded = load_triggers([folder, alone])
    assert [each.trigger.trigger for each in loaded] == ["first_by_name", "second_by_name", "alone"]
    assert load_trigger(alone) == loaded[2].trigger


def test_the_problems_of_all_files_are_collected(tmp_path):
    write(tmp_path, "a.yaml", GOOD.format(name="Bad"))
    write(tmp_path, "b.yaml", "trigger: [")
    write(tmp_path, "c.yaml", "")
    write(tmp_path, "d.yaml", GOOD.format(name="good"))
    with pytest.raises(ConfigError) as refusal:
        load_triggers([tmp_path, tmp_path / "missing.yaml"])
    assert [(Path(each.file).name, each.line) for each in refusal.value.problems] == [
        ("a.yaml", 2),
        ("b.yaml", 1),
        ("c.yaml", None),
        ("missing.yaml", None),
    ]


def test_a_trigger_name_is_used_by_one_file(tmp_path):
    first = write(tmp_path, "a.yaml", GOOD.format(name="same"))
    write(tmp_path, "b.yaml", GOOD.format(name="same"))
    with pytest.raises(ConfigError) as refusal:
        load_triggers([tmp_path])
    (problem,) = refusal.value.problems
    assert (Path(problem.file).name, problem.line, problem.path, problem.value) == ("b.yaml", 2, "trigger", "same")
    assert str(first) in problem.message


def test_a_file_that_would_be_overlooked_is_refused(tmp_path):
    write(tmp_path, "a.yml", GOOD.format(name="a"))
    with pytest.raises(ConfigError, match=r"would not be read; allowed: files that end in \.yaml"):
        load_triggers([tmp_path])


def test_a_part_is_located_by_its_path_or_by_what_is_around_it():
    loaded = parse_trigger(PLAIN, "x.yaml")
    assert locate(loaded.source, ("match", "steps", 1, "within")) == ("x.yaml", 7)
    assert locate(loaded.source, ("match", "steps", 1, "key")) == ("x.yaml", 6)
    assert locate(loaded.source, ("policy", "cooldown")) == ("x.yaml", 1)


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("trigger: 5", "trigger", "is not a name"),
        ("version: 0", "version", "is too small"),
        ("version: one", "version", "is not a whole number"),
        ('version: "1"', "version", "is not a whole number"),
        ("description: 5", "description", "is not a text"),
        ("match: text", "match", "is not a mapping"),
        ("actions: none", "actions", "is not a list"),
    ],
)
def test_a_malformed_head_is_refused(line, path, message):
    word = line.partition(":")[0]
    others = [each for each in GOOD.format(name="x").strip().splitlines() if not each.startswith(word)]
    with pytest.raises(ConfigError) as refusal:
        parse_trigger("\n".join([*others, line]))
    (problem,) = refusal.value.problems
    assert (problem.path, problem.line, problem.message) == (path, len(others) + 1, message)
