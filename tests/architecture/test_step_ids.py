"""Step ids are recovery keys: a changed one would silently start empty."""

from flows import steps

STORED = {
    "SOURCE": "source",
    "DETECT": "detect",
    "IDENTITY": "identity",
    "DECIDE": "decide",
    "OUTPUTS": "outputs",
    "ACTIONS": "actions",
    "DECISIONS": "decisions",
    "LATE": "late",
    "ARCHIVE": "archive",
    "DEAD_LETTERS": "dead_letters",
}


def test_the_ids_of_steps_are_what_they_were():
    assert {name: value for name, value in vars(steps).items() if name.isupper()} == STORED


def test_no_two_steps_share_an_id():
    assert len(set(STORED.values())) == len(STORED)
