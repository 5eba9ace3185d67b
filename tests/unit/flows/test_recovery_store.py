"""The recovery store of a supervisor: made once, refused where it is not what is asked for, held by one."""

import os
from pathlib import Path

import pytest

from flows.run.store import StoreRefused, hold_store, prepare_store


def test_a_store_is_made_where_there_is_none_and_found_the_next_time(tmp_path: Path):
    folder = tmp_path / "a" / "store"
    assert prepare_store(folder, None) == 4
    made = sorted(file.name for file in folder.glob("*.sqlite3"))
    assert made == [f"part-{i}.sqlite3" for i in range(4)]
    assert prepare_store(folder, None) == prepare_store(folder, 4) == 4


def test_an_empty_folder_as_a_container_mounts_it_is_filled(tmp_path: Path):
    assert prepare_store(tmp_path, 2) == 2


def test_another_number_of_partitions_is_refused_with_the_way_out(tmp_path: Path):
    prepare_store(tmp_path, 2)
    with pytest.raises(StoreRefused, match=r"has 2 partitions, and 3 were asked for.*ask for 2 or for none"):
        prepare_store(tmp_path, 3)


def test_a_store_with_a_partition_missing_is_refused(tmp_path: Path):
    prepare_store(tmp_path, 3)
    (tmp_path / "part-1.sqlite3").unlink()
    with pytest.raises(StoreRefused, match=r"is not whole: it holds partitions 0 of 3, 2 of 3\. Put back"):
        prepare_store(tmp_path, None)


def test_a_store_put_together_from_two_is_refused(tmp_path: Path):
    prepare_store(tmp_path / "one", 1)
    prepare_store(tmp_path / "two", 2)
    (tmp_path / "one" / "part-0.sqlite3").rename(tmp_path / "two" / "part-0.sqlite3")
    with pytest.raises(StoreRefused, match="is not whole: it holds partitions 0 of 1, 1 of 2"):
        prepare_store(tmp_path / "two", None)


@pytest.mark.parametrize("content", [b"no database at all", b""])
def test_a_file_that_is_no_partition_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "part-0.sqlite3").write_bytes(content)
    with pytest.raises(StoreRefused, match=r"part-0\.sqlite3 is not a partition of a recovery store"):
        prepare_store(tmp_path, None)


def test_a_held_store_is_refused_with_the_holder_until_the_last_who_inherited_it_has_ended(tmp_path: Path):
    held = hold_store(tmp_path, patience_s=0)
    inherited = os.dup(held)
    os.close(held)
    with pytest.raises(StoreRefused, match=f"in use by the supervisor of process id {os.getpid()}"):
        hold_store(tmp_path, patience_s=0)
    os.close(inherited)
    os.close(hold_store(tmp_path, patience_s=0))
