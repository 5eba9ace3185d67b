"""Trait files: what they say, and what is refused with its line."""

import pytest

from config.errors import ConfigError
from config.traits import ALL, load_traits


def loaded(folder, *texts):
    for i, text in enumerate(texts):
        (folder / f"{i}.yaml").write_text(text)
    return load_traits(folder)


def problems(folder, *texts):
    with pytest.raises(ConfigError) as refused:
        loaded(folder, *texts)
    return str(refused.value).replace(f"{folder}/", "").splitlines()


def test_a_trait_is_an_aggregate_of_a_path_over_events(tmp_path):
    (trait,) = loaded(
        tmp_path,
        "trait: spent\nevent: [purchase, order]\nsum: properties.total\nwithin: 30d\n"
        "where: {properties.total: {gt: 0}}\n",
    )
    assert (trait.trait, trait.types, trait.aggregate) == ("spent", ("purchase", "order"), "sum")
    assert (trait.path, trait.within_us) == (("properties", "total"), 30 * 86_400_000_000)


def test_events_themselves_are_counted(tmp_path):
    (trait,) = loaded(tmp_path, 'trait: orders\nevent: purchase\ncount: "*"\n')
    assert (trait.aggregate, trait.path, trait.within_us) == ("count", ALL, None)


def test_one_file_is_a_folder_of_one(tmp_path):
    (tmp_path / "x.yaml").write_text('trait: orders\nevent: purchase\ncount: "*"\n')
    assert [each.trait for each in load_traits(tmp_path / "x.yaml")] == ["orders"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("trait: t\nevent: a\n", "names no aggregate; allowed: exactly one of count, sum, min, max, last"),
        ("trait: t\nevent: a\nsum: properties.x\nmax: properties.x\n", "names sum and max; allowed: exactly one of"),
        ("trait: t\nevent: a\nsumm: properties.x\n", '0.yaml:3: summ: is not known here; allowed: trait, '),
        ("trait: t\nevent: a\nsum: total\n", '0.yaml:3: sum: "total" is not a path of an event'),
        ("trait: t\nevent: a\nsum: properties.x\nwithin: 30\n", "0.yaml:4: within: 30 has no unit"),
        ("trait: t\nevent: a\ndistinct: properties.x\n", "0.yaml:3: distinct: would grow for ever; allowed: beside"),
        ("trait: t\nevent: a\ncount: '*'\nwhere: {$customer.x: {eq: 1}}\n",
         '0.yaml:4: where.$customer.x.eq: "$customer.x" is not of the event itself'),
        ("trait: t\nevent: a\ncount: '*'\nwhere: {score.x: {gt: 1}}\n", '"score.x" is not of the event itself'),
        ("trait: t\nevent: a\ncount: '*'\nwhere: {properties.x: {eq: $a.properties.x}}\n",
         '0.yaml:4: where.properties.x.eq: "$a.properties.x" is not known to a trait; allowed: a literal'),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_line(text, problem, tmp_path):
    assert any(problem in each for each in problems(tmp_path, text))


def test_every_problem_of_every_file_is_reported_at_once(tmp_path):
    right = 'trait: t\nevent: a\ncount: "*"\n'
    assert problems(tmp_path, right, right, "trait: T\nevent: a\nsum: x\n") == [
        '1.yaml:1: trait: "t" is already the name of a trait; allowed: another name',
        '2.yaml:1: trait: "T" is not a name; allowed: lower-case letters, digits and _, beginning with a letter',
        '2.yaml:3: sum: "x" is not a path of an event; allowed: type, customer_id, session_id, event_time, '
        "properties.NAME, context.NAME; did you mean properties.x?",
    ]


def test_the_nearest_aggregate_is_named(tmp_path):
    assert any("did you mean sum?" in each for each in problems(tmp_path, "trait: t\nevent: a\nsumm: properties.x\n"))
