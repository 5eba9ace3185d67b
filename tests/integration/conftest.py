"""The site of a live test: the session's Kafka, the module's ClickHouse, everything else its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_site import Site

SiteFactory = Callable[..., Site]


@pytest.fixture
def make_site(kafka: str, clickhouse_gateway: ClickHouseGateway, tmp_path: Path) -> SiteFactory:
    """`make_site(partitions=4, topics=1)`: with the abandonment trigger if the test adds one."""

    def make(**options: int) -> Site:
        return Site(kafka, clickhouse_gateway.url, tmp_path, **options)

    return make


@pytest.fixture
def site(make_site: SiteFactory) -> Site:
    return make_site()
