"""The recovery store holds what is, and not what was: over many epochs it stops growing."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import bytewax.operators as op
import orjson
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig
from bytewax.testing import TestingSink, TestingSource, cluster_main

from flows.run.store import prepare_store
from operators.clock import PartitionClock
from operators.decode import Decoder, Messages
from operators.detect import Detection, detect
from operators.records import Chunk
from tests.harness import compiled, event, trigger

ORIGIN: Final = ("events", 0)
EPOCHS: Final = 400
CUSTOMERS: Final = 200
TRIGGER: Final = trigger("steps: [{event: cart_add, as: cart}, {absent: purchase, within: 3h}]")


def chunks():
    """An epoch each; every customer's match is restarted again and again, so about as much is open all the time."""
    clock, decoder = PartitionClock(0), Decoder()
    for epoch in range(EPOCHS):
        values = [
            orjson.dumps(event("cart_add", f"{epoch}m", customer=f"c{i % CUSTOMERS}", id=f"{epoch}-{i}"))
            for i in range(epoch * 20, epoch * 20 + 20)
        ]
        decoded = decoder.decode(Messages(ORIGIN, values, list(range(len(values))), [0] * len(values)))
        stamps, late = clock.stamp(decoded.event_times_us)
        yield Chunk(
            ORIGIN, (ORIGIN,), decoded.records, decoded.event_times_us, decoded.offsets, decoded.indexes,
            decoded.record_times_us, stamps, late, [], clock.watermark_us,
        )  # fmt: skip


def largest_by_quarter(folder: Path, *, workers: int, backup: timedelta) -> list[int]:
    """Bytes of the snapshots' files and their logs at the most."""
    store = folder / "store"
    prepare_store(store, 2)
    sizes: list[int] = []

    def measured(chunk: Chunk) -> Chunk:
        sizes.append(sum(file.stat().st_size for file in store.iterdir()))
        return chunk

    flow = Dataflow("grows")
    read = op.map("measure", op.input("in", flow, TestingSource(chunks())), measured)
    op.output("out", detect("detect", read, Detection(compiled(TRIGGER), 8, 0)), TestingSink([]))
    cluster_main(
        flow, [], 0, epoch_interval=timedelta(0), worker_count_per_proc=workers,
        recovery_config=RecoveryConfig(str(store), backup),
    )  # fmt: skip
    assert len(sizes) == EPOCHS
    quarter = EPOCHS // 4
    found = [max(sizes[i : i + quarter]) for i in range(0, EPOCHS, quarter)]
    print(f"the store at the largest, by quarter of {EPOCHS} epochs: {found} bytes")
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_the_store_stops_growing(workers: int, tmp_path: Path) -> None:
    """Its write-ahead logs of 4 MB each are most of it, and are written over again; a few pages come and go."""
    _, second, _, last = largest_by_quarter(tmp_path, workers=workers, backup=timedelta(0))
    assert last < second * 1.1


def test_what_is_kept_for_backups_is_what_grows(tmp_path: Path) -> None:
    """The measure would see it: a day's snapshots are all of them."""
    _, second, _, last = largest_by_quarter(tmp_path, workers=1, backup=timedelta(days=1))
    assert last > second * 1.1
