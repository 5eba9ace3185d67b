"""A migrated database as the sinks use it: ask, insert, and every failure a `SinkError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from config.clickhouse_url import ClickHouseUrl
from sinks.clickhouse.client import connect, connect_beside, read_url
from sinks.clickhouse.failures import translated
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.tables import Columns, Table
from sinks.retry import Retry

_INSERT_SETTINGS: Final = {
    # Batches are large already; and an asynchronous insert would be acknowledged by a buffer's rules, not the table's.
    "async_insert": 0,
    # The default, in case a profile says otherwise; newer servers go by deduplicate_insert, also on by default.
    "insert_deduplicate": 1,
    # Record times of many months are odd, and no reason to refuse a batch for ever.
    "max_partitions_per_insert_block": 0,
    # "2026-01-05" stays the text it was: read back as a Date it would print otherwise, and compare otherwise.
    "input_format_try_infer_dates": 0,
    "input_format_try_infer_datetimes": 0,
}


class Database:
    """One client and how it retries. Safe from several threads; `query` and `insert` are single attempts."""

    def __init__(self, client: Client, address: ClickHouseUrl, retry: Retry, *, owns_client: bool) -> None:
        self.retry = retry
        self._client = client
        self._owns_client = owns_client
        self._address = address
        self._where = str(address)

    @classmethod
    def open(cls, url: str | ClickHouseUrl, retry: Retry) -> Database:
        """Connect and migrate, with retries. Raises `TerminalSinkError`."""
        address = read_url(url)

        def attempt() -> Database:
            client = connect(address, timeout_s=retry.attempt_s)
            database = cls(client, address, retry, owns_client=not address.is_embedded)
            with translated(database._where, *address.secrets()):
                migrate(database._client)
            return database

        return retry.call(f"open the ClickHouse database at {address}", attempt)

    def query(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows of a SELECT. Raises `SinkError`."""
        with translated(self._where, *self._address.secrets()):
            return self._client.query(sql, parameters=dict(parameters)).result_rows

    def insert(self, table: Table, columns: Columns, token: str) -> None:
        """One INSERT, confirmed. The same columns under the same token land once, however often they are sent."""
        with translated(self._where, *self._address.secrets()):
            self._client.insert(
                table.name,
                columns,
                column_names=table.columns,
                column_type_names=table.types,
                column_oriented=True,
                settings={**_INSERT_SETTINGS, "insert_deduplication_token": token},
            )

    def beside(self) -> Database:
        """The same for another thread: of an embedded client the calls are serialised. To be closed before this one."""
        client = connect_beside(self._address, self._client)
        return Database(client, self._address, self.retry, owns_client=client is not self._client)

    def close(self) -> None:
        """Close what is ours: an embedded client is the process's."""
        if self._owns_client:
            self._client.close()
