"""The background writer: when it inserts, when it makes a producer wait, and what an error does."""

import threading
from collections.abc import Sequence

import pytest

from sinks.clickhouse.writer import Batching, Writer
from sinks.errors import TerminalSinkError

NEVER_S = 3600.0


class Table:
    """A destination that can be held and broken."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Semaphore(0)
        self.error: Exception | None = None

    def insert(self, items: Sequence[int]) -> None:
        self.entered.release()
        assert self.open.wait(10)
        if self.error is not None:
            raise self.error
        self.batches.append(list(items))


def writer(table: Table, *, threads: int = 1, **changed: float) -> Writer[int, list[int]]:
    limits = {"target_rows": 4, "flush_after_s": NEVER_S, **changed}
    batching = Batching(**limits)  # type: ignore[arg-type]
    return Writer("test", list, table.insert, threads=threads, batching=batching)


def write(to: Writer[int, list[int]], *items: int) -> None:
    for item in items:
        to.write(item, rows=1, size=10)


def test_enough_rows_are_inserted_together() -> None:
    table = Table()
    to = writer(table)
    write(to, 1, 2, 3, 4)
    assert table.entered.acquire(timeout=10)
    to.close()
    assert table.batches == [[1, 2, 3, 4]]


def test_enough_bytes_are_inserted_together() -> None:
    table = Table()
    to = writer(table, target_bytes=20)
    write(to, 1, 2)
    assert table.entered.acquire(timeout=10)
    to.close()
    assert table.batches == [[1, 2]]


def test_few_rows_are_inserted_when_they_have_waited() -> None:
    table = Table()
    to = writer(table, flush_after_s=0.0)
    write(to, 1)
    assert table.entered.acquire(timeout=10)
    to.close()


def test_flush_returns_when_everything_written_before_is_inserted() -> None:
    table = Table()
    to = writer(table)
    write(to, *range(10))
    to.flush()
    assert [item for batch in table.batches for item in batch] == list(range(10))
    to.flush()
    to.close()


def test_flush_of_nothing_returns() -> None:
    to = writer(Table())
    to.flush()
    to.close()


def test_a_full_queue_makes_write_wait() -> None:
    table = Table()
    table.open.clear()
    to = writer(table, waiting_batches=2)
    write(to, 0, 1, 2, 3)
    assert table.entered.acquire(timeout=10)
    write(to, *range(4, 12))
    blocked = threading.Thread(target=write, args=(to, 12))
    blocked.start()
    blocked.join(0.2)
    assert blocked.is_alive()
    table.open.set()
    blocked.join(10)
    assert not blocked.is_alive()
    to.flush()
    assert [item for batch in table.batches for item in batch] == list(range(13))
    to.close()


def test_the_first_error_is_raised_by_every_later_call() -> None:
    table = Table()
    table.error = TerminalSinkError("disk full")
    to = writer(table)
    write(to, 1)
    for _ in range(2):
        with pytest.raises(TerminalSinkError, match="disk full"):
            to.flush()
        with pytest.raises(TerminalSinkError, match="disk full"):
            write(to, 2)
    to.close()
    assert table.batches == []


def test_an_error_frees_who_waits_in_write() -> None:
    table = Table()
    table.open.clear()
    to = writer(table, waiting_batches=1)
    write(to, 0, 1, 2, 3)
    assert table.entered.acquire(timeout=10)
    write(to, 4, 5, 6, 7)
    raised: list[BaseException] = []

    def blocked() -> None:
        try:
            write(to, 8)
        except TerminalSinkError as error:
            raised.append(error)

    thread = threading.Thread(target=blocked)
    thread.start()
    table.error = TerminalSinkError("cut")
    table.open.set()
    thread.join(10)
    assert len(raised) == 1
    to.close()


def test_a_fault_of_ours_is_latched_too() -> None:
    table = Table()
    table.error = ZeroDivisionError("oops")
    to = writer(table)
    write(to, 1)
    with pytest.raises(TerminalSinkError, match="ZeroDivisionError") as caught:
        to.flush()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    to.close()


def test_close_drops_what_no_flush_asked_for() -> None:
    table = Table()
    to = writer(table)
    write(to, 1)
    to.close()
    assert table.batches == []


def test_a_flush_shares_what_waits_among_the_threads() -> None:
    table = Table()
    table.open.clear()
    to = writer(table, threads=2, target_rows=100, shared_rows=1)
    write(to, *range(6))
    flushing = threading.Thread(target=to.flush)
    flushing.start()
    assert table.entered.acquire(timeout=10)
    assert table.entered.acquire(timeout=10)
    table.open.set()
    flushing.join(10)
    assert sorted(table.batches) == [[0, 1, 2], [3, 4, 5]]
    to.close()


def test_a_flush_of_few_rows_makes_one_batch() -> None:
    table = Table()
    to = writer(table, threads=2, target_rows=100, shared_rows=6)
    write(to, *range(6))
    to.flush()
    to.close()
    assert table.batches == [list(range(6))]


def test_a_flush_waits_for_an_earlier_batch_when_a_later_one_is_done() -> None:
    table = Table()
    table.open.clear()
    later = threading.Event()

    def insert(items: Sequence[int]) -> None:
        if 0 in items:
            table.insert(items)
        else:
            later.set()

    to = Writer("test", list, insert, threads=2, batching=Batching(target_rows=4, flush_after_s=NEVER_S))
    write(to, 0, 1, 2, 3)
    assert table.entered.acquire(timeout=10)
    flushing = threading.Thread(target=to.flush)
    flushing.start()
    write(to, 4, 5, 6, 7)
    assert later.wait(10)
    flushing.join(0.2)
    assert flushing.is_alive()
    table.open.set()
    flushing.join(10)
    assert not flushing.is_alive()
    to.flush()
    to.close()
    assert table.batches == [[0, 1, 2, 3]]


def test_batches_are_prepared_in_order_and_one_at_a_time() -> None:
    prepared: list[int] = []
    turn = threading.Lock()

    def prepare(items: Sequence[int]) -> list[int]:
        assert turn.acquire(blocking=False)
        prepared.extend(items)
        turn.release()
        return list(items)

    to = Writer("test", prepare, lambda items: None, threads=3, batching=Batching(target_rows=2, flush_after_s=NEVER_S))
    write(to, *range(200))
    to.flush()
    to.close()
    assert prepared == list(range(200))


def test_an_error_of_one_thread_ends_the_others() -> None:
    table = Table()
    table.open.clear()
    table.error = TerminalSinkError("disk full")
    to = writer(table, threads=2)
    write(to, *range(12))
    assert table.entered.acquire(timeout=10)
    assert table.entered.acquire(timeout=10)
    table.open.set()
    with pytest.raises(TerminalSinkError, match="disk full"):
        to.flush()
    to.close()
    assert not table.entered.acquire(blocking=False)
