"""The real things that tests stand on: started when a test asks for them, shared by session or module."""

import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.clickhouse_gateway import ClickHouseGateway
from tests.kafka.docker import kafka_in_docker, why_no_docker
from tests.kafka.jars import why_no_jvm
from tests.kafka.topics import TopicFactory, create_topic
from tests.kafka_server import KafkaServer

pytest_plugins = ["tests.provoked", "tests.sharing"]

_KAFKA_ADDRESS = "KAFKA_BOOTSTRAP_SERVERS"
_ROOT = Path(__file__).parents[1]
_WEEK_EVENTS = _ROOT.parent / "shared" / "data" / "ga_store_2016_08_week1.jsonl.gz"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "integration: needs a real Kafka broker or a ClickHouse server")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the session's broker: the environment's, else our own, else one in Docker."""
    address = os.environ.get(_KAFKA_ADDRESS)
    if address:
        yield address
        return
    no_jvm = why_no_jvm()
    if no_jvm is None:
        with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
            yield server.bootstrap_servers
        return
    no_docker = why_no_docker()
    if no_docker is None:
        with kafka_in_docker() as address:
            yield address
        return
    pytest.skip(f"no Kafka: {no_jvm}; {no_docker}. Install JDK 17+ and Maven, or start Docker, or set {_KAFKA_ADDRESS}")


@pytest.fixture(scope="module")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker of the module's own, for its tests to stop, kill and restart; each finds it running."""
    no_jvm = why_no_jvm()
    if no_jvm is not None:
        pytest.skip(f"no Kafka that a test may kill: {no_jvm}. Install a JDK 17+ and Maven")
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def topic(kafka: str) -> TopicFactory:
    """`topic(partitions=4)` makes a topic on the session's broker and returns its name when it is ready."""

    def create(*, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        name = f"test-{uuid.uuid4().hex}"
        create_topic(kafka, name, partitions=partitions, config=config)
        return name

    return create


@pytest.fixture(scope="module")
def clickhouse_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseGateway]:
    """A ClickHouse server of the module's own; each test finds it running and without faults."""
    with ClickHouseGateway(tmp_path_factory.mktemp("clickhouse") / "data") as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _servers_whole_for_each_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Undoes what the test before did to the servers that this test uses."""
    if "kafka_server" in request.fixturenames:
        server: KafkaServer = request.getfixturevalue("kafka_server")
        if not server.is_running:
            server.start()
    if "clickhouse_gateway" not in request.fixturenames:
        yield
        return
    gateway: ClickHouseGateway = request.getfixturevalue("clickhouse_gateway")
    if not gateway.is_running:
        gateway.start()
    yield
    # At once, because a request that stays stalled would keep its client, and so the session's end, waiting.
    if gateway.is_running:
        gateway.faults.clear()


@pytest.fixture(scope="session")
def week_events() -> Path:
    """One week of a real shop's events: gzipped, one JSON object a line."""
    if not _WEEK_EVENTS.exists():
        pytest.skip(f"{_WEEK_EVENTS.relative_to(_ROOT.parent)} is not there beside the repository")
    return _WEEK_EVENTS
