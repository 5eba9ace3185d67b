"""A message, and a line of a file, is one JSON value: what it becomes depends on it alone, not on its neighbours."""

import pytest

from operators.decode import Decoder, Messages
from operators.reasons import DeadReason
from tests.backtests import run_files
from tests.harness import trigger

ONE, TWO = (b'{"event_id":"%d","type":"a","customer_id":"c","event_time":1767607200000}' % number for number in (1, 2))


@pytest.mark.parametrize("between", [b"", b" ", b"\n", b",", b"\n\n"])
def test_two_values_in_a_message_are_a_dead_letter_whatever_stands_beside_it(between):
    for beside in ([], [b" "], [ONE], [b"", b"\t"]):
        values = [ONE + between + TWO, *beside]
        decoded = Decoder(schemas={}).decode(Messages(("t", 0), values, list(range(len(values))), [0] * len(values)))
        assert decoded.dead[0].offset == 0
        assert decoded.dead[0].reason == DeadReason.MALFORMED_JSON
        assert len(decoded.records) == beside.count(ONE)


BEGUN = ONE[:-1] + b',"properties":{"a":1'
GONE_ON = b'"b":2}},' + TWO
LISTED = ONE[:-1] + b',"properties":{"a":[{"b":1}'
CLOSED = b'{"b":2}]}}'


@pytest.mark.parametrize("halves", [(BEGUN, GONE_ON), (LISTED, CLOSED + b"," + TWO)])
@pytest.mark.parametrize("beside", [[], [ONE.replace(b'"1"', b'"3"')]])
def test_messages_that_are_a_value_together_are_none_each(halves, beside):
    values = [*halves, *beside]
    decoded = Decoder(schemas={}).decode(Messages(("t", 0), values, list(range(len(values))), [0] * len(values)))
    assert [(letter.offset, letter.reason) for letter in decoded.dead] == [
        (0, DeadReason.MALFORMED_JSON),
        (1, DeadReason.MALFORMED_JSON),
    ]
    assert len(decoded.records) == len(beside)


@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_two_values_on_a_line_are_a_dead_letter_for_any_chunk_size(tmp_path, chunk_size):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([ONE + b" " + TWO, b"   ", b"", ONE.replace(b'"1"', b'"3"')]))
    rules = tmp_path / "rules.yaml"
    rules.write_text(trigger("steps: [{event: a}]"))
    flow = run_files([rules], file, tmp_path / "out.jsonl", chunk_size=chunk_size)
    assert (flow.summary.read, flow.summary.matched, flow.summary.dead) == (2, 1, 1)
    assert [row["evidence"][0]["offset"] for row in flow.rows] == [1]


@pytest.mark.parametrize(
    "text",
    [
        ONE.replace(b":", b":\n", 1),
        ONE[:-1] + b',"properties":{"a":\n{}}}',
        ONE[:-1] + b"\n}",
        b"\n".join([ONE + TWO, ONE[:-1], b"}"]),
        b"\n".join([ONE + TWO, b"", TWO]),
        b"\n" + ONE,
        ONE + b"\n",
    ],
)
def test_lines_that_are_not_a_value_each_are_not_read_together(text):
    assert Decoder(schemas={}).decode_lines(text, 0) is None


def test_lines_that_are_a_value_each_are_read_together():
    decoded = Decoder(schemas={}).decode_lines(b"\n".join([ONE, TWO]), 7)
    assert decoded is not None
    assert [record.event_id for record in decoded.records] == ["1", "2"]
    assert decoded.offsets == [7, 8]
