"""What the identity step keeps, and how far it has come, survive an abort and another number of workers.

Through Bytewax with a recovery store and an epoch a chunk, aborted before any chunk. An event that the step held back
and lost, or detection that went on without the step, would change an answer.
"""

from datetime import timedelta

import bytewax.operators as op
import orjson
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, cluster_main

from operators.clock import PartitionClock
from operators.decide_host import Deciding, decide
from operators.decode import Decoder, Messages
from operators.detect import Detection, GroupReport
from operators.identity_host import Identity, detect_identified
from operators.records import END_OF_TIME, Chunk, Decision
from tests.harness import compiled, event, run, trigger

KEY_GROUPS = 8
ORIGIN = ("events", 0)
DAY_US = 86_400_000_000
TRIGGERS = (
    trigger("steps: [{event: cart_add}, {absent: purchase, within: 10m}]", name="abandoned"),
    trigger("steps: [{event: view}, {event: purchase, within: 1h}]", name="sequence"),
    trigger("steps: [{event: view}]", name="arrival"),
    trigger(
        "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 1h}]",
        name="viewed",
        rest="policy: {recipient: $v.customer_id}",
    ),
)
TRAITS = "trait: views\nevent: view\ncount: '*'\nwithin: 1h\n"
AT_HOME = (
    trigger(
        "steps: [{event: cart_add, where: {$customer.views: {gte: 1}}}, {absent: purchase, within: 1m}]",
        name="lost",
        rest="policy: {caps: [{channel: email, max: 1, per: 2m}]}",
    ),
    trigger(
        "steps: [{event: purchase, as: p}, {absent: cart_add, within: 1m}]",
        name="thanks",
        rest="actions: [{channel: email, template: x, data: {views: $customer.views}}]",
    ),
    trigger("steps: [{event: view, where: {$customer.views: {lte: 1}}}]", name="first"),
)
"""Decided where they are found, by profiles that anonymous events change."""
SIZE = 7


def events():
    """Of twelve people: views and carts before they say who they are, and some after; in nearly the order of time."""
    found = []
    for i in range(12):
        customer, who = f"c{i}", f"a{i}"
        context = {"anonymous_id": who}
        found += [
            event("view", f"{i}m", customer=who, context=context, p=f"p{i % 3}"),
            event("cart_add", f"{i + 1}m", customer=who, context=context),
            event("cart_add", f"{i + 2}m", customer=customer),
            event("identify", f"{i + 3 + i % 4}m", customer=customer, context=context),
            event("view", f"{i + 8}m", customer=who, context=context, p=f"p{i % 3}"),
            event("price", f"{i + 9}m", customer="shop", id=f"price{i}", p=f"p{i % 3}"),
        ]
        if i % 3:
            found.append(event("purchase", f"{i + 9 + i % 5}m", customer=[who, customer][i % 2], context=context))
    return sorted(found, key=lambda each: (each["event_time"] // 90_000, each["type"]))


def chunks():
    """The log in chunks, as a source would give them."""
    clock, decoder, log = PartitionClock(60_000_000), Decoder(), events()
    found = []
    for start in range(0, len(log) + SIZE, SIZE):
        values = [orjson.dumps(each) for each in log[start : start + SIZE]]
        offsets = list(range(start, start + len(values)))
        decoded = decoder.decode(Messages(ORIGIN, values, offsets, [0] * len(values)))
        stamps, late = clock.stamp(decoded.event_times_us)
        ended = not values
        found.append(
            Chunk(
                ORIGIN, (ORIGIN,), decoded.records, decoded.event_times_us, offsets, decoded.indexes,
                decoded.record_times_us, stamps, late, [], END_OF_TIME if ended else clock.watermark_us, final=ended,
            )
        )  # fmt: skip
    assert found[-1].final
    return found


PLACES = range(1, len(chunks()))


def told(plan, items, store, workers):
    """What a flow over this store says until its source aborts or ends."""
    said = []
    detection = Detection(plan, KEY_GROUPS, DAY_US, has_identity=True)
    flow = Dataflow("resumed")
    read = op.input("in", flow, TestingSource(items))
    found = detect_identified("detect", "identity", read, Identity(detection, DAY_US))
    if not plan.decides_at_home:
        found = decide("decide", found, Deciding(detection))
    op.output("out", op.map("value", found, lambda keyed: keyed[1]), TestingSink(said))
    cluster_main(
        flow, [], 0, epoch_interval=timedelta(0), worker_count_per_proc=workers,
        recovery_config=RecoveryConfig(str(store)),
    )  # fmt: skip
    return said


def answers(said):
    return {
        (each.action_id, each.trigger, each.key, each.event_time_us, each.reason, each.data.get("views"))
        for each in said
        if isinstance(each, Decision)
    }


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "recovery"
    folder.mkdir()
    init_db_dir(folder, 2)
    return folder


@pytest.fixture(scope="module", params=[TRIGGERS, AT_HOME], ids=["two hops", "at home"])
def plan(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("traits")
    (folder / "views.yaml").write_text(TRAITS)
    found = compiled(*request.param, traits=folder, wants_expired=False)
    assert found.decides_at_home is bool(found.profiles) is (request.param is AT_HOME)
    return found


@pytest.fixture(scope="module")
def straight(plan):
    found = run(plan, events(), max_out_of_orderness="1m", at_end="flush", key_groups=KEY_GROUPS)
    assert found.tally.of("identified") == 12
    return answers(found.decisions)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_answer_is_that_of_a_run_without_bytewax(workers, plan, straight, store):
    said = told(plan, chunks(), store, workers)
    assert answers(said) == straight
    assert {trigger for _, trigger, *_ in straight} == {program.name for program in plan.programs}
    reports = [each for each in said if isinstance(each, GroupReport)]
    fates = sum(each.counts.get((fate, ""), 0) for each in reports for fate in ("matched", "late", "duplicate"))
    assert fates == len(events())


@pytest.mark.parametrize("place", PLACES)
def test_aborted_before_any_chunk_and_resumed_at_another_number_of_workers_it_is_the_same(place, plan, straight, store):
    items = chunks()
    items.insert(place, TestingSource.ABORT())
    said = [*told(plan, items, store, 1), *told(plan, items, store, 2 + place % 2)]
    assert answers(said) == straight


@pytest.mark.parametrize("counts", [(1, 3, 5, 2), (2, 4, 1, 8)])
def test_stopped_again_and_again_at_changing_numbers_of_workers_it_is_the_same(counts, plan, straight, store):
    items = chunks()
    for place in (8, 5, 2):
        items.insert(place, TestingSource.EOF())
    said = [each for workers in counts for each in told(plan, items, store, workers)]
    assert answers(said) == straight
