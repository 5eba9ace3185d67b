"""What the header of a message that was sent again says of the dead letter it was."""

import pytest

from sinks.clickhouse.redrive import LetterId


@pytest.mark.parametrize("letter", [LetterId("events", 3, 42, 1_767_607_200_000), LetterId("a.b-c_d", 0, 0, -1)])
def test_it_is_read_as_it_was_written(letter: LetterId) -> None:
    assert LetterId.read(letter.text) == letter


@pytest.mark.parametrize(
    "text", ["", "events", "events/3/42", "events/3/42/x", "events/3/4/2/1", "events/--3/4/2", "e/\u0663/4/-"]
)
def test_what_somebody_else_wrote_is_nothing(text: str) -> None:
    assert LetterId.read(text) is None
