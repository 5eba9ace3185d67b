"""Any message, in any envelope, has one fate with its reason, in any chunk, and what becomes of it can be written.

`python -m tests.fuzz` asks the same for as long as one likes.
"""

import uuid

import pytest
from hypothesis import given

from config.clickhouse_url import ClickHouseUrl
from tests.clickhouse_gateway import ClickHouseGateway
from tests.fuzz.decoding import GOOD, Message, check
from tests.fuzz.messages import messages
from tests.fuzz.rows import Rows


@pytest.mark.integration
def test_any_message_has_one_fate_that_can_be_written(clickhouse_gateway: ClickHouseGateway) -> None:
    database = f"test_{uuid.uuid4().hex}"
    url = ClickHouseUrl("http", host=clickhouse_gateway.host, port=clickhouse_gateway.port, database=database)
    fates = {"events": 0, "dead": 0}
    with Rows(url) as rows:

        @given(messages)
        def ask(message: Message) -> None:
            found = check(message)
            fates["events"] += len(found.records)
            fates["dead"] += len(found.dead)
            rows.add(message, found)

        ask()
        rows.flush()
    assert rows.count() == rows.written == sum(fates.values())
    assert min(fates.values()) > 100, "both fates are met often enough to say something"


def test_the_neighbours_of_the_chunks_above_are_decoded_at_once_or_not_at_all() -> None:
    fates = {envelope: bool(check(Message(envelope, GOOD)).records) for envelope in ("canonical", "auto", "segment")}
    assert fates == {"canonical": True, "auto": True, "segment": False}
