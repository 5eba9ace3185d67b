"""Several chunks of one log put together have for everybody what one chunk of all their events has."""

import orjson
import pytest

from config.loader import parse_trigger
from flows.beside.packed import Fed, pack, together
from flows.file_source import FileSource
from operators.anonymous.group import identity_groups
from operators.compiler import compile_triggers
from operators.decode import Decoder
from operators.plan import Plan
from operators.route import copies_of, parting_router
from tests.harness import event, trigger

WHO = {"anonymous_id": "a1"}
KEY_GROUPS = 4
MINUTES_US = 60_000_000
TRIGGERS = [
    trigger("steps: [{event: view}, {event: purchase}]", name="bought"),
    trigger("{steps: [{event: view}, {event: bought}], key: [properties.product_id], per: customer_id}", name="abroad"),
]
EVENTS = [
    "no event at all",
    event("view", "0m", customer="a1", context=WHO, product_id="p"),
    event("view", "1m", product_id="p"),
    event("identify", "2m", context=WHO),
    event("view", "1m", product_id="p"),
    event("purchase", "9m", product_id="q"),
    event("view", "1m", product_id="late"),
    event("purchase", "9m", product_id="q"),
    *(event("view", "10m", customer=f"c{number}", product_id=f"p{number % 3}") for number in range(9)),
]


def put_together(path, chunk_size: int) -> Fed:
    """The whole file, read in chunks of so many events."""
    plan = Plan(compile_triggers([parse_trigger(text) for text in TRIGGERS]))
    route = parting_router(plan, KEY_GROUPS, identity_groups(KEY_GROUPS), copies_of(plan, KEY_GROUPS))
    source = FileSource(path, Decoder(), max_out_of_orderness_us=2 * MINUTES_US, chunk_size=chunk_size)
    part = source.build_part("", path.name, None)
    fed: list[Fed] = []
    while not fed or not fed[-1].final:
        fed += [Fed(route(chunk), len(chunk.records), len(chunk.dead), chunk.final) for chunk in part.next_batch()]
    return together(fed)


@pytest.mark.parametrize("chunk_size", [1, 2, 5])
def test_chunks_put_together_are_as_one(chunk_size, tmp_path):
    file = tmp_path / "events"
    file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in EVENTS))
    whole, pieces = put_together(file, len(EVENTS)), put_together(file, chunk_size)
    assert pack(pieces) == pack(whole)
    heads = whole.parted.direct.heads
    assert [sum(head[place] for head in heads) for place in (2, 4, 5)] == [len(EVENTS) - 2, 1, 2]
    assert (whole.events, whole.dead) == (len(EVENTS) - 1, 1)
    assert whole.parted.direct.foreign
    assert any(batch.events for _, batch in whole.parted.identity)
    assert any(batch.links for _, batch in whole.parted.identity)
