"""The published format of the identity step: it comes back whole, and what cannot be read is refused."""

import msgspec
import pytest

from operators import state
from operators.anonymous.group import IdentityGroup
from operators.anonymous.state import restore, snapshot
from operators.group import KeyGroup
from operators.state import StateFormatError
from tests.fixtures import write_identity_state as fixture
from tests.harness import compiled, run


def fresh():
    return IdentityGroup(
        compiled(*fixture.TRIGGERS), horizon_us=fixture.HORIZON_US, dedupe_horizon_us=fixture.HORIZON_US
    )


def fed():
    (group,) = fixture.graph()[0].identities.values()
    return group


def test_a_snapshot_of_what_was_restored_is_the_same_snapshot():
    group, other = fed(), fresh()
    restore(other, snapshot(group))
    assert snapshot(other) == snapshot(group)
    assert other.customers == {"a1": "c1"}
    assert [len(each) for each in (other.kept, other.waiting, other.waiting_links)] == [1, 1, 1]


def test_the_stored_state_of_format_1_loads():
    stored = msgspec.msgpack.decode((fixture.STATE / "identity_group_1.msgpack").read_bytes())
    group = fresh()
    restore(group, (stored[0], stored[1], tuple(stored[2])))
    assert snapshot(group) == snapshot(fed())


@pytest.mark.parametrize("chunk_size", [1, 2, 5])
def test_a_restart_between_any_two_chunks_changes_nothing(chunk_size):
    events = [*fixture.BEFORE, *fixture.AFTER]
    asked = {"max_out_of_orderness": "5m", "key_groups": 2, "chunk_size": chunk_size}
    straight = run(fixture.TRIGGERS, events, **asked)
    restarted = run(fixture.TRIGGERS, events, **asked, snapshot_every=1)
    assert restarted.lines() == straight.lines()
    assert restarted.tally.counts == straight.tally.counts
    assert straight.fired == ["a2 1m", "22m", "c2 23m"]


def test_a_handover_that_waits_in_detection_is_in_its_snapshot():
    held, _ = fixture.graph()
    (group,) = held.groups.values()
    (identity,) = held.identities.values()
    place = (group.clock.watermark_us + 1, ("events", 0), 9, 0)
    (events,) = identity.kept.values()
    group.waiting_handovers.extend([(*place, 0, "a2"), (*place, 1, "c2", events)])
    other = KeyGroup(group.plan, dedupe_horizon_us=fixture.HORIZON_US, identity_groups=1)
    state.restore(other, state.snapshot(group))
    assert [*other.waiting_handovers] == [*group.waiting_handovers]


@pytest.mark.parametrize("stored", [None, b"pickle", (), [1], ("customer-triggers/identity-group/9", b"", ())])
def test_what_is_no_snapshot_of_ours_is_refused(stored):
    with pytest.raises(StateFormatError, match="identity state of format"):
        restore(fresh(), stored)
