"""The stored state of a deciding group, as a later version must read it."""

import msgspec
import pytest

from operators.policy.decide_group import FORMAT, DecideGroup
from operators.state import StateFormatError
from tests.fixtures import write_decide_state as fixture
from tests.harness import compiled


def fresh():
    return DecideGroup(compiled(*fixture.TRIGGERS), 4, knows_sent=False)


def test_the_stored_state_of_format_1_loads_and_goes_on():
    format_, base, deltas = msgspec.msgpack.decode((fixture.STATE / "decide_group_1.msgpack").read_bytes())
    policy = msgspec.msgpack.decode(base)["policy"]
    assert all(policy.values()), "every part of it is there"
    group = fresh()
    group.restore((format_, base, tuple(deltas)))
    assert group.snapshot() == fixture.group_of(fixture.run()).snapshot()


@pytest.mark.parametrize(
    "stored", [None, b"pickle", ("customer-triggers/decide-group/9", b"", ()), (FORMAT, b"", (b"x",))]
)
def test_what_is_no_state_of_this_format_is_refused(stored):
    with pytest.raises(StateFormatError, match="the recovery store holds state of format"):
        fresh().restore(stored)
