"""Key groups: a stable hash, and names that Bytewax spreads evenly over its workers."""

import threading
from collections import Counter

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.testing import TestingSink, TestingSource, cluster_main

from operators.keys import (
    MATCHES,
    PROFILES,
    TOGETHER_FOR,
    cold_names,
    group_names,
    group_of_name,
    key_group_of,
    worker_of,
)


@pytest.mark.parametrize(("key", "group"), [("c1", 161), ("0423043652415339154", 60), ("é", 62), ("", 0)])
def test_the_group_of_a_key_is_the_same_in_every_process_and_release(key, group):
    assert key_group_of(key, 256) == group


def test_keys_spread_over_the_groups():
    shares = Counter(key_group_of(f"c{i}", 64) for i in range(64_000))
    assert len(shares) == 64
    assert max(shares.values()) < 1.3 * 1_000


@pytest.mark.parametrize("key_groups", [64, 256])
@pytest.mark.parametrize("workers", [1, 2, 3, 4, 6, 8])
def test_every_usual_number_of_workers_gets_an_even_share_of_the_groups(key_groups, workers):
    shares = Counter(worker_of(name, workers) for name in group_names(key_groups))
    assert len(shares) == workers
    assert max(shares.values()) - min(shares.values()) <= 8 // workers + 4


def test_a_name_tells_its_group():
    assert [group_of_name(name) for name in group_names(256)] == list(range(256))


@pytest.mark.parametrize("kind", [PROFILES, MATCHES])
@pytest.mark.parametrize("workers", [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 30, 40, 48, 60, 80, 120, 240])
def test_the_cold_keys_of_a_group_are_where_the_group_is(workers, kind):
    assert TOGETHER_FOR % workers == 0
    for name, cold in zip(group_names(256), cold_names(256, kind), strict=True):
        assert {worker_of(each, workers) for each in cold} == {worker_of(name, workers)}


def test_no_two_keys_have_one_name():
    cold = [name for kind in (PROFILES, MATCHES) for names in cold_names(256, kind) for name in names]
    assert len({*cold, *group_names(256)}) == 256 * 33


def test_names_are_recovery_keys_and_do_not_change():
    assert [names[:3] for names in cold_names(2, PROFILES)] == [("c443", "c1087", "c1512"), ("c43", "c99", "c565")]
    assert [names[:3] for names in cold_names(2, MATCHES)] == [("m514", "m698", "m850"), ("m464", "m576", "m646")]
    assert group_names(8) == ("0.76", "1.15", "2.0", "3.89", "4.2", "5.2", "6.24", "7.99")


class _Where(StatefulBatchLogic[int, int, None]):
    """Tells by which thread, so by which worker, it is run."""

    def on_batch(self, values: list[int]) -> tuple[list[int], bool]:
        return [threading.get_ident()] * len(values), False

    def snapshot(self) -> None:
        return None


@pytest.mark.parametrize("workers", [2, 4])
def test_bytewax_places_the_groups_where_we_say(workers):
    names = group_names(64)
    placed: list[tuple[str, int]] = []
    flow = Dataflow("placement")
    keyed = op.input("in", flow, TestingSource([(name, 0) for name in names]))
    op.output("out", op.stateful_batch("where", keyed, lambda _: _Where()), TestingSink(placed))
    cluster_main(flow, [], 0, worker_count_per_proc=workers)
    together: dict[int, set[str]] = {}
    for name, thread in placed:
        together.setdefault(thread, set()).add(name)
    expected: dict[int, set[str]] = {}
    for name in names:
        expected.setdefault(worker_of(name, workers), set()).add(name)
    assert sorted(map(sorted, together.values())) == sorted(map(sorted, expected.values()))
