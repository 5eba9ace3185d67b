"""Messages that are wrong in the ways messages are: valid ones broken a little, odd values in every field, anything."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.decoding import ENVELOPES, GOOD, Message

CLOUD = {
    "specversion": "1.0", "id": "1", "source": "/s", "type": "shop.view", "subject": "c",
    "time": "2026-01-05T10:00:00Z", "data": {"product_id": "p", "price": 1.5, "anonymous_id": "a"}, "ext": "x",
}  # fmt: skip
TRACK = {
    "type": "track", "event": "Product Viewed", "messageId": "m", "userId": "c", "anonymousId": "a",
    "timestamp": "2026-01-05T10:00:00Z", "properties": {"price": "1.5"}, "context": {"sessionId": 7}, "name": "n",
}  # fmt: skip
ACTION = {
    "action_id": "a", "recipient": "c", "trigger": "t", "action": "email", "template": "x", "channel": "email",
    "not_before": "2026-01-05T10:00:00.000Z", "version": 1, "match_id": "m", "data": {"total": 1.5},
}  # fmt: skip
IN_BASE64 = {name: value for name, value in CLOUD.items() if name != "data"}
CANONICAL = json.loads(GOOD) | {"session_id": "s", "context": {"kind": "customer"}}
PRICE = CANONICAL | {"type": "price_changed", "properties": {"product_id": "p", "price": 2}}
IDENTIFY = {"type": "identify", "messageId": "m", "userId": "c", "traits": {"plan": "free"}, "previousId": "p"}
SEEDS: list[tuple[str, Any]] = [
    ("canonical", CANONICAL),
    ("canonical", PRICE),
    ("segment", TRACK),
    ("segment", IDENTIFY),
    (
        "segment",
        {"batch": [TRACK, IDENTIFY, {"type": "page", "messageId": "n"}], "context": {"ip": "1"}, "sentAt": "x"},
    ),
    ("cloudevents", CLOUD),
    ("cloudevents", [CLOUD, CLOUD | {"id": "2", "data": TRACK}, CLOUD | {"id": "3", "specversion": "2"}]),
    ("cloudevents", {**IN_BASE64, "data_base64": b64encode(b'{"customer_id":"c"}').decode()}),
    ("actions", ACTION),
]
"""Valid messages, each with the envelope it is valid in; "auto" takes all but the last."""
BINARY = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/s"), ("ce_type", b"view"), ("ce_subject", b"c")]

ODD_JSON = [
    b"null", b"true", b"0", b"-0", b"-0.0", b"1.5", b"1e999", b"-1e999", b"NaN", b"Infinity", b"-Infinity", b"1e-999",
    b"1" + b"0" * 30, b"1" + b"0" * 400, b"1" + b"0" * 5_000, b"-9223372036854775809", b"18446744073709551616",
    b"0." + b"1" * 400, b"01", b"+1", b".5", b'""', b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"',
    b'"\xed\xa0\x80"', b'"\xc0\x80"', b"'x'", b"[]", b"{}", b"[[]]", b"[{}]", b'{"":{"":{}}}', b'{"a":1,"a":2}',
    b'{"a":1,"a":{"b":2}}', b'{"a":{"b":1},"a.b":2}', b'{"a..b":1}', b'{"a":[{"b":1,"b":2}]}', b"[1,[2,[\"x\"]],null]",
    b"[" * 300 + b"]" * 300, b"[" * 1_020 + b"]" * 1_020, b"[" * 2_000 + b"]" * 2_000,
    b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 20_000, b'"' + b"x" * 2_000 + b'"',
    b'"' + b"\xc3\xa9" * 600 + b'"', b'"' + b"x" * 60_000 + b'"',
    b'"2026-01-05T10:00:00Z"', b'"2026-01-05"', b'"2026-02-30T10:00:00Z"', b'"0001-01-01T00:00:00+10:00"',
    b'"9999-12-31T23:59:59-10:00"', b'"2026-01-05T24:00:00Z"', b'"2026-W02-1T10:00:00Z"', b"-62135596800001",
    b"253402300800000", b"253402300799999", b"1767607200000000", b"-1", b'"1.0"', b'"1.x"', b'"track"', b'"e30="',
    b'{"kind":"system"}', b'{"kind":5}', b'"\xef\xbb\xbf"', b"1 2", b"{,}", b'{"a":1,}', b"/**/1", b"",
]  # fmt: skip
NAMES = sorted(
    {name for _, seed in SEEDS if isinstance(seed, dict) for name in seed}
    | {
        "kind",
        "product_id",
        "anonymous_id",
        "customerid",
        "partitionkey",
        "sessionId",
        "traits",
        "anonymousid",
        "",
        "a.b",
    }
)

odd = st.sampled_from(ODD_JSON)


def _text(members: list[tuple[str, bytes]]) -> bytes:
    """An object of these members in this order, also where a name comes twice."""
    return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in members) + b"}"


@st.composite
def with_odd_members(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid message with members replaced, removed, repeated and added, mostly deep inside; perhaps in a batch."""
    envelope, seed = draw(st.sampled_from([each for each in SEEDS if isinstance(each[1], dict)]))
    members = [(name, json.dumps(value).encode()) for name, value in seed.items()]
    bodies = [place for place, (_, value) in enumerate(members) if value.startswith(b"{")]
    for _ in range(draw(st.integers(1, 3))):
        name, value = draw(st.sampled_from(NAMES)), draw(odd)
        action = draw(st.sampled_from(["inside", "inside", "inside", "replace", "remove", "repeat"]))
        place = draw(st.sampled_from(bodies if action == "inside" and bodies else range(len(members))))
        if action == "inside" and bodies:
            body = members[place][1]
            members[place] = (members[place][0], b"{" + json.dumps(name).encode() + b":" + value + b"," + body[1:])
        elif action == "replace":
            members[place] = (members[place][0], value)
        elif action == "remove":
            members[place] = (name, b"1")
        else:
            members.append((draw(st.sampled_from([name, members[place][0]])), value))
    bare = [b"%b"] * 6
    around = draw(st.sampled_from([*bare, b'{"batch":[%b,{}]}', b"[%b,%b]", b" %b\n", b"\xef\xbb\xbf%b"]))
    return envelope, around.replace(b"%b", _text(members))


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, bytes]:
    """The bytes of a valid message, cut, doubled or overwritten in places."""
    envelope, seed = draw(st.sampled_from(SEEDS))
    text = json.dumps(seed, ensure_ascii=draw(st.booleans())).encode()
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 40)))
        instead = draw(st.one_of(st.just(b""), odd, st.binary(max_size=6), st.just(text[begin:end] * 2)))
        text = text[:begin] + instead + text[end:]
    return envelope, text


header_values = st.one_of(st.none(), st.binary(max_size=8), st.sampled_from([b"1.0", b"2026-01-05T10:00:00Z", b"x"]))
header_names = st.one_of(
    st.sampled_from(["ce_id", "ce_time", "ce_data", "ce_type", "ce_specversion", "ce_", "ce_data_base64", "a-b"]),
    st.text(max_size=6).map(lambda name: name.encode("utf-8", "ignore").decode()),
)
headers = st.one_of(
    st.just(()),
    st.lists(st.tuples(header_names, header_values), max_size=3).map(lambda more: [*BINARY, *more]),
    st.lists(st.tuples(header_names, header_values), max_size=4),
)
keys = st.one_of(st.none(), st.binary(max_size=4))
envelopes = st.sampled_from(ENVELOPES)


@st.composite
def nearly_valid(draw: st.DrawFn) -> Message:
    """Mostly in the envelope it is meant for."""
    meant_for, value = draw(st.one_of(with_odd_members(), with_odd_members(), broken()))
    envelope = draw(st.one_of(st.just(meant_for), st.just(meant_for), st.just("auto"), envelopes))
    return Message(envelope, value, draw(keys), draw(st.one_of(st.just(()), st.just(()), headers)))


anything = st.builds(Message, envelopes, st.one_of(st.none(), st.binary(max_size=60), odd), keys, headers)
messages = st.one_of(nearly_valid(), nearly_valid(), nearly_valid(), anything)
