"""The published format of stored profiles: every version's is read, and what cannot be read is refused."""

import msgspec
import pytest

from operators.keys import BUCKETS, bucket_of
from operators.profiles.stored import FORMAT, ProfileFormatError, restore_bucket, store_bucket
from tests.fixtures import write_profiles_state as fixture


def test_the_stored_profiles_of_format_1_load_and_go_on():
    stored = msgspec.msgpack.decode((fixture.STATE / "profiles_1.msgpack").read_bytes())
    profiles = fixture.fresh()
    bucket = bucket_of(fixture.CUSTOMER)
    assert restore_bucket((stored[0], stored[1], tuple(stored[2])), {0: profiles}.__getitem__) == (0, bucket)
    assert profiles.at(fixture.CUSTOMER, 40 * fixture.MINUTE_US) == fixture.EXPECTED
    assert store_bucket(profiles, 0, bucket) == store_bucket(fixture.filled(), 0, bucket)


def test_a_customer_s_bucket_is_part_of_the_format():
    assert BUCKETS == 16
    assert [bucket_of(each) for each in ("c1", "c2", "customer-77")] == [7, 14, 10]


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        (("customer-triggers/profiles/9", b"", ()), "format 'customer-triggers/profiles/9'; this version reads"),
        ((FORMAT, b"", (b"x",)), f"format {FORMAT!r} with deltas; this version reads"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(stored, what):
    with pytest.raises(ProfileFormatError) as refused:
        restore_bucket(stored, lambda _: fixture.fresh())
    assert what in str(refused.value)
    assert "Start with an empty recovery store, or with the version that wrote it" in str(refused.value)
