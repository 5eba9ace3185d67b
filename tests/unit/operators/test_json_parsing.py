"""JSON text as decoders read it: what breaks says where."""

import pytest

from operators.decode import Undecodable
from operators.decode.json_text import SHOWN, parse, parse_object, shown
from operators.reasons import DeadReason


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'"\\ud800"', b"1e999", b"NaN", b"[" * 5_000])
def test_what_is_no_json_carries_its_reason(text):
    with pytest.raises(Undecodable) as raised:
        parse(text)
    assert raised.value.reason is DeadReason.MALFORMED_JSON
    assert "line 1 column" in str(raised.value)


@pytest.mark.parametrize("text", [b"1", b"[]", b"null", b'"x"'])
def test_what_is_no_object_is_shown(text):
    with pytest.raises(Undecodable, match=r"expected a JSON object, got .*; allowed: an object") as raised:
        parse_object(text)
    assert raised.value.reason is DeadReason.UNKNOWN_ENVELOPE


def test_a_long_value_is_shown_in_part():
    assert shown("x" * SHOWN) == f"'{'x' * (SHOWN - 1)}…"
