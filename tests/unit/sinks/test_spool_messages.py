"""Rows as messages of the spool: the same rows come out, none too large, nothing that no encoder takes."""

import msgspec
import pytest

from operators.records import Decision
from sinks.clickhouse.decision_rows import Decided, decision_columns, late_columns
from sinks.clickhouse.tables import DECISIONS, LATE, Columns
from sinks.errors import SpoolUnreadable
from sinks.spool.messages import LARGEST_MESSAGE, pack, unpack
from tests.unit.sinks.samples import BASE_US, decision, late_event

ID = DECISIONS.columns.index("action_id")
DATA = DECISIONS.columns.index("data")


def columns_of(*decisions: Decision) -> Columns:
    return decision_columns([Decided(each, BASE_US) for each in decisions])


def plain(columns: Columns) -> Columns:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(columns))


def test_rows_come_out_as_they_went_in() -> None:
    decided, late = columns_of(decision(1), decision(2, "suppressed", None)), late_columns([late_event(3)])
    for table, columns in ((DECISIONS, decided), (LATE, late)):
        (message,) = pack(table, columns)
        assert unpack(message) == (table, plain(columns))


def test_many_rows_become_several_messages_in_order() -> None:
    rows = columns_of(*(msgspec.structs.replace(decision(n), data={"x": "x" * 1_000}) for n in range(2_000)))
    messages = list(pack(DECISIONS, rows))
    assert len(messages) > 1
    assert max(map(len, messages)) <= LARGEST_MESSAGE
    assert [id_ for each in messages for id_ in unpack(each)[1][ID]] == rows[ID]


def test_one_row_too_large_for_kafka_is_cut_and_keeps_its_identity() -> None:
    huge = msgspec.structs.replace(
        decision(1),
        data={"x": "x" * 2_000_000},
        per="p" * 1_000_000,
        key=tuple("k" * 100_000 for _ in range(20)),
        evidence=decision(1).evidence * 10_000,
    )
    small, large = decision(2), columns_of(decision(2), huge)
    messages = [unpack(each)[1] for each in pack(DECISIONS, large)]
    assert [each[ID] for each in messages] == [[small.action_id], [huge.action_id]]
    assert messages[0][DATA] == columns_of(small)[DATA]
    assert messages[1][DATA] == ['{"_too_large_bytes":2000008}']


def test_half_a_surrogate_is_replaced_and_not_refused() -> None:
    (message,) = pack(DECISIONS, columns_of(msgspec.structs.replace(decision(1), recipient="c\ud800")))
    assert unpack(message)[1][DECISIONS.columns.index("recipient")] == ["c?"]


@pytest.mark.parametrize(
    "value", [b"", b"garbage", msgspec.msgpack.encode([2, "late", {}]), msgspec.msgpack.encode([1, "other", {}])]
)
def test_what_is_no_rows_is_refused(value: bytes) -> None:
    with pytest.raises(SpoolUnreadable, match="format 1"):
        unpack(value)
