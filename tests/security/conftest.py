"""One secured broker, one identity provider and one secured ClickHouse for all tests of security."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.clickhouse_gateway import Admission, ClickHouseGateway
from tests.kafka.jars import why_no_jvm
from tests.kafka.secured import SecuredKafka
from tests.kafka.token_server import TokenServer
from tests.security.documented import documented_grants
from tests.security.secured_site import SecuredSite
from tests.security.whom_it_knows import CLICKHOUSE_PASSWORD, CLICKHOUSE_TOKEN, CLIENTS, KNOWN, USER


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="package")
def tokens(authority: Authority) -> Iterator[TokenServer]:
    with TokenServer(authority.sign("tokens"), dict(CLIENTS)) as server:
        yield server


@pytest.fixture(scope="package")
def secured_kafka(
    authority: Authority, tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredKafka]:
    no_jvm = why_no_jvm()
    if no_jvm is not None:
        pytest.skip(f"no Kafka that a test may configure: {no_jvm}. Install a JDK 17+ and Maven")
    with SecuredKafka(tmp_path_factory.mktemp("secured-kafka"), authority, KNOWN, tokens) as server:
        yield server


@pytest.fixture(scope="package")
def secured_clickhouse(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseGateway]:
    """Over TLS, for one user, with the documented grants on `default` alone."""
    own = authority.sign("clickhouse")
    admission = Admission(
        certificate=str(own.certificate),
        key=str(own.key),
        user=USER,
        password=CLICKHOUSE_PASSWORD,
        token=CLICKHOUSE_TOKEN,
        grants=documented_grants("default"),
    )
    with ClickHouseGateway(tmp_path_factory.mktemp("secured-clickhouse") / "data", admission) as gateway:
        yield gateway


@pytest.fixture
def secured_site(
    secured_kafka: SecuredKafka,
    secured_clickhouse: ClickHouseGateway,
    authority: Authority,
    tokens: TokenServer,
    tmp_path: Path,
) -> SecuredSite:
    return SecuredSite(secured_kafka, secured_clickhouse, authority, tokens, tmp_path)
