"""Items go to the partition they name."""

import pytest

from sinks.clickhouse.archive import ArchiveSink
from sinks.kafka.dead_letters import DeadLetterSink
from sinks.routing import PartNames


def test_places_follow_the_names_in_order() -> None:
    names = PartNames(["events-2", "events-10", "events-1"])
    assert names.names == ["events-1", "events-10", "events-2"]
    assert [names.place(name) for name in names.names] == [0, 1, 2]


def test_an_item_for_no_partition_is_a_fault() -> None:
    with pytest.raises(KeyError):
        PartNames(["a"]).place("b")


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_partitions_have_names_each_its_own(names: list[str]) -> None:
    with pytest.raises(ValueError, match="partitions of a sink"):
        PartNames(names)


def test_the_sinks_list_the_partitions_of_the_source() -> None:
    archive = ArchiveSink("chdb:///nowhere", ["b", "a"])
    dead = DeadLetterSink({"bootstrap.servers": "nowhere:1"}, "dead", ["b", "a"])
    assert archive.list_parts() == dead.list_parts() == ["a", "b"]
    assert archive.part_fn("b") == dead.part_fn("b") == 1
