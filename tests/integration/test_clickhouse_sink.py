"""The ClickHouse sinks against the real engine: over HTTP, and embedded in this process."""

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from config.clickhouse_url import ClickHouseUrl
from operators.records import BEGINNING_OF_TIME, Chunk
from sinks.clickhouse.already import AlreadyThere
from sinks.clickhouse.archive import ArchiveSink
from sinks.clickhouse.client import connect
from sinks.clickhouse.database import Database
from sinks.clickhouse.decisions import DecisionSink, LateSink
from sinks.clickhouse.embedded import release_embedded
from sinks.clickhouse.event_rows import event_keys
from sinks.clickhouse.migrate import Migration, migrate, read_migrations
from sinks.clickhouse.tables import EVENTS
from sinks.errors import SchemaError
from sinks.retry import DEFAULT_RETRY
from tests.unit.sinks.samples import BASE_US, ORIGIN, PART, chunk, dead_letter, decision, late_event

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("embedded") / "clickhouse"
    release_embedded()


@pytest.fixture(params=["server", "embedded"])
def url(request: pytest.FixtureRequest) -> ClickHouseUrl:
    """An empty database of the test's own."""
    database = f"test_{uuid.uuid4().hex}"
    if request.param == "embedded":
        folder = request.getfixturevalue("embedded_folder")
        return ClickHouseUrl("chdb", embedded_path=str(folder), database=database)
    gateway = request.getfixturevalue("clickhouse_gateway")
    return ClickHouseUrl("http", host=gateway.host, port=gateway.port, database=database)


def rows(url: ClickHouseUrl, sql: str) -> Sequence[Sequence[Any]]:
    return connect(url).query(sql).result_rows


def archive(url: ClickHouseUrl, *chunks: Chunk) -> int | None:
    """One run: written, made durable, ended."""
    partition = ArchiveSink(url, [PART]).build_part("archive", PART, None)
    partition.write_batch(list(chunks))
    end = partition.snapshot()
    partition.close()
    return end


def test_an_event_is_archived_as_it_was_read(url: ClickHouseUrl) -> None:
    written = chunk([7], properties='{"price": 2.5, "when": "2026-01-05"}')
    written.indexes = [2]
    assert archive(url, written) == 8
    sql = (
        "SELECT topic, kafka_partition, `offset`, `index`, event_id, type, customer_id, session_id, "
        "toUnixTimestamp64Micro(event_time), toUnixTimestamp64Milli(record_time), "
        "toUnixTimestamp64Micro(watermark), late FROM events"
    )
    time_us = BASE_US + 7_000_000
    assert list(rows(url, sql)) == [
        (*ORIGIN, 7, 2, "e7", "product_viewed", "c1", "", time_us, time_us // 1000, time_us - 5_000_000, False)
    ]


def test_properties_are_columns_that_analysts_can_ask_for(url: ClickHouseUrl) -> None:
    archive(url, chunk([1], properties='{"price": 2.5, "item": {"id": "p1"}, "when": "2026-01-05"}'))
    asked = rows(url, "SELECT properties.price, properties.item.id, dynamicType(properties.when) FROM events")
    assert list(asked) == [(2.5, "p1", "String")]


def test_what_was_late_is_marked_with_the_watermark_it_missed(url: ClickHouseUrl) -> None:
    written = chunk([0, 1, 2])
    written.watermarks_us = [
        written.event_times_us[0],
        written.event_times_us[1] + 1,
        BEGINNING_OF_TIME,
    ]
    written.late = [1]
    archive(url, written)
    asked = rows(url, "SELECT late, toUnixTimestamp64Micro(watermark) FROM events ORDER BY `offset`")
    assert list(asked) == [(False, BASE_US), (True, BASE_US + 1_000_001), (False, 0)]


def test_dead_letters_keep_their_bytes(url: ClickHouseUrl) -> None:
    assert archive(url, chunk([], dead=[dead_letter(4), dead_letter(9)])) == 10
    asked = rows(url, "SELECT `offset`, reason, message, hex(raw), hex(raw_key) FROM dead_letters ORDER BY `offset`")
    assert list(asked) == [(offset, "not_json", "expected a value", "FF007B", "6BFE") for offset in (4, 9)]


def test_a_resume_writes_only_what_is_not_there(url: ClickHouseUrl) -> None:
    archive(url, chunk(range(10, 20), dead=[dead_letter(15)]))
    archive(url, chunk(range(15, 25), dead=[dead_letter(15), dead_letter(16)]), chunk(range(25, 30)))
    assert rows(url, "SELECT groupArray(`offset`) FROM (SELECT `offset` FROM events ORDER BY `offset`)")[0][0] == list(
        range(10, 30)
    )
    assert rows(url, "SELECT count() FROM dead_letters")[0][0] == 2


def test_a_resume_fills_the_gaps_that_a_crash_left(url: ClickHouseUrl) -> None:
    archive(url, chunk([1, 2, 5, 6, 9]))
    archive(url, chunk(range(1, 11)))
    assert list(rows(url, "SELECT count(), uniqExact(`offset`) FROM events")) == [(10, 10)]


def test_a_long_replay_is_asked_for_window_by_window(url: ClickHouseUrl) -> None:
    archive(url, chunk([*range(40), *range(60, 100)]))
    database = Database.open(url, DEFAULT_RETRY)
    already = AlreadyThere(database, EVENTS, ORIGIN, window_offsets=10)
    found: list[int] = []
    for first in range(0, 120, 7):
        keys = event_keys(chunk(range(first, first + 7)))
        places = already.new(keys)
        assert already.new(keys) == places
        found += [keys[place][0] for place in places]
    assert found == [*range(40, 60), *range(100, 126)]


def test_events_of_one_message_are_told_apart_by_their_place(url: ClickHouseUrl) -> None:
    first, both = chunk([3]), chunk([3, 3])
    both.record_times_us = first.record_times_us * 2
    both.indexes = [0, 1]
    archive(url, first)
    archive(url, both)
    assert list(rows(url, "SELECT `index` FROM events ORDER BY `index`")) == [(0,), (1,)]


def test_a_topic_made_again_is_not_taken_for_the_one_before(url: ClickHouseUrl) -> None:
    archive(url, chunk(range(5)))
    archive(url, chunk(range(5), recorded_us=BASE_US + 3_600_000_000))
    assert rows(url, "SELECT count() FROM events")[0][0] == 10


def test_the_same_offsets_of_another_kafka_partition_are_other_rows(url: ClickHouseUrl) -> None:
    archive(url, chunk(range(5)))
    archive(url, chunk(range(5), origin=("shop-events", 4)), chunk(range(5), origin=("other", 3)))
    assert rows(url, "SELECT count() FROM events")[0][0] == 15


@pytest.mark.parametrize(
    ("bad", "stored"),
    [
        ('{"price":1,"price":2}', '{"price":2}'),
        ('{"price":1e400}', '{"_text":"{\\"price\\":1e400}"}'),
        ('{"a":{"b":1},"a.b":2}', '{"_text":"{\\"a\\":{\\"b\\":1},\\"a.b\\":2}"}'),
        ('{"name":"\\ud800"}', '{"_text":"{\\"name\\":\\"\\\\ud800\\"}"}'),
    ],
)
def test_json_that_clickhouse_refuses_stops_nobody(url: ClickHouseUrl, bad: str, stored: str) -> None:
    archive(url, chunk(range(3)), chunk([3], properties=bad), chunk([4]))
    asked = rows(url, "SELECT `offset`, toJSONString(properties) FROM events ORDER BY `offset`")
    assert [row[0] for row in asked] == [0, 1, 2, 3, 4]
    assert asked[3][1] == stored
    assert asked[4][1] == '{"price":1.5}'


def test_texts_that_are_not_utf_8_stop_nobody(url: ClickHouseUrl) -> None:
    written = chunk([0])
    written.records[0].properties = type(written.records[0].properties)(b'{"name":"\xff"}')
    archive(url, written)
    assert rows(url, "SELECT properties.name FROM events")[0][0] == "�"


def test_event_times_of_every_year_fit_into_one_insert(url: ClickHouseUrl) -> None:
    written = chunk(range(300))
    month_us = 30 * 86_400_000_000
    written.record_times_us = [i * month_us for i in range(300)]
    written.event_times_us = [(i - 100) * 4 * month_us for i in range(300)]
    archive(url, written)
    assert rows(url, "SELECT count() FROM events")[0][0] == 300


def test_a_decision_is_kept_whole(url: ClickHouseUrl) -> None:
    write_decisions(url, [decision(1, "suppressed")], now_us=BASE_US + 2_500_000)
    sql = (
        "SELECT action_id, outcome, reason, trigger, version, key, per, recipient, channel, priority, data.total, "
        "evidence.step, evidence.event_id, evidence.offset, toUnixTimestamp64Micro(evidence.event_time[1]), "
        "dateDiff('ms', event_time, decided_at) FROM decisions"
    )
    assert list(rows(url, sql)) == [
        (
            *(f"{1:032x}", "suppressed", "cooldown", "cart_abandoned", 1, ["c1"], "", "c1", "email", 5, 18.99),
            *(["cart"], ["e1"], [1], BASE_US + 1, 1500),
        )
    ]


def test_a_decision_made_again_is_written_once(url: ClickHouseUrl) -> None:
    write_decisions(url, [decision(1, "deferred"), decision(2), decision(2)])
    write_decisions(url, [decision(2), decision(3)], [decision(1, "deferred"), decision(1, "action")])
    asked = rows(url, "SELECT action_id, outcome FROM decisions ORDER BY action_id, outcome")
    assert [(int(row[0], 16), row[1]) for row in asked] == [
        (1, "action"),
        (1, "deferred"),
        (2, "action"),
        (3, "action"),
    ]


def test_half_a_surrogate_in_a_text_is_replaced_and_stops_nobody(url: ClickHouseUrl) -> None:
    odd = msgspec.structs.replace(decision(1), recipient="c\ud800", key=("a", "\udfff"))
    write_decisions(url, [odd, decision(2)])
    found = {(recipient, tuple(key)) for recipient, key in rows(url, "SELECT recipient, key FROM decisions")}
    assert found == {("c?", ("a", "?")), ("c1", ("c1",))}


HOSTILE: Final = {
    "deep": '{"a":' * 900 + "1" + "}" * 900,
    "deep lists": '{"a":' + "[" * 900 + "1" + "]" * 900 + "}",
    "empty keys": '{"":1,"a":{"":2},".":3,"a.":4,".b":5}',
    "control characters": '{"\\u0000":"\\u0000\\u001f","a`b\\"c":1}',
    "key given twice": '{"a":1,"a":{"b":2},"a.b":3,"x":[{"y":1,"y":2}]}',
    "numbers": '{"a":[1,123456789012345678901234567890,-1,1e308],"b":1e400,"c":-0.0}',
    "every type": '{"a":[1,"x",{"b":2},[1,[2,{"c":[]}]],null,1.5,true]}',
    "a long key": f'{{"{"k" * 100_000}":1}}',
    "many paths": "{" + ",".join(f'"k{i}":[{{"x{i}":1}}]' for i in range(2_000)) + "}",
    "half a surrogate": '{"a":"\\ud800"}',
    "no JSON": "nope",
}


def test_no_properties_are_refused_for_good(url: ClickHouseUrl) -> None:
    """One that were would stop the archive for ever: all in one batch, and each has its row."""
    archive(url, *(chunk([place], properties=text) for place, text in enumerate(HOSTILE.values())))
    assert rows(url, "SELECT count(), uniqExact(`offset`) FROM events") == [(len(HOSTILE), len(HOSTILE))]


def test_more_decisions_than_one_question_holds(url: ClickHouseUrl) -> None:
    many = [decision(number) for number in range(5_000)]
    write_decisions(url, many)
    write_decisions(url, [*many, decision(5_000)])
    assert rows(url, "SELECT count() FROM decisions")[0][0] == 5_001


def test_a_late_event_that_comes_again_is_written_once(url: ClickHouseUrl) -> None:
    for offsets in (range(3), range(1, 5)):
        partition = LateSink(url, ["0"]).build_part("late", "0", None)
        partition.write_batch([[late_event(offset) for offset in offsets]])
        partition.snapshot()
        partition.close()
    asked = rows(url, "SELECT `offset`, late_by_us, customer_id FROM late ORDER BY `offset`")
    assert list(asked) == [(offset, 6_000_000, "") for offset in range(5)]


def test_migrations_are_applied_once(url: ClickHouseUrl) -> None:
    client = connect(url)
    assert migrate(client) == [migration.version for migration in read_migrations()]
    assert migrate(client) == []
    assert rows(url, "SELECT count() FROM schema_migrations")[0][0] == len(read_migrations())


def test_a_migration_that_crashed_half_way_is_run_again(url: ClickHouseUrl) -> None:
    client = connect(url)
    first = read_migrations()[0]
    client.command(first.statements[0])
    assert 1 in migrate(client)


def test_a_newer_database_is_refused_untouched(url: ClickHouseUrl) -> None:
    client = connect(url)
    migrate(client, [*read_migrations(), Migration(9999, "from_the_future", ())])
    client.command("DROP TABLE late")
    with pytest.raises(SchemaError, match=r"at schema version 9999.*Run that release"):
        migrate(client)
    assert rows(url, "EXISTS TABLE late")[0][0] == 0


def write_decisions(url: ClickHouseUrl, *batches: Sequence[Any], now_us: int = BASE_US) -> None:
    partition = DecisionSink(url, ["0"], now_us=lambda: now_us).build_part("decisions", "0", None)
    partition.write_batch(list(batches))
    partition.snapshot()
    partition.close()
