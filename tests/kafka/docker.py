"""The broker for machines that have Docker but no JDK and Maven."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kafka.jars import kafka_version
from tests.kafka.properties import broker_properties
from tests.kafka.topics import admin_client, wait_for_leaders
from tests.loopback_port import LOOPBACK, free_port

_START_TIMEOUT_S = 60.0
_DOCKER_TIMEOUT_S = 600  # the first run pulls the image


def why_no_docker() -> str | None:
    """None where a Docker engine answers, otherwise what is missing."""
    if shutil.which("docker") is None:
        return "no `docker` on the path"
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=30)
    return None if asked.returncode == 0 else "`docker info` reaches no engine"


@contextmanager
def kafka_in_docker() -> Iterator[str]:
    """Yields the address of a broker in a container that is removed on leaving."""
    port = free_port()
    properties = broker_properties(
        bind_address="0.0.0.0", port=port, controller_port=free_port(), log_dirs="/tmp/kafka-data"
    )
    # The image reads `KAFKA_NODE_ID` as the property `node.id`.
    environment = [f"--env=KAFKA_{key.upper().replace('.', '_')}={value}" for key, value in properties.items()]
    publish = f"--publish={LOOPBACK}:{port}:{port}"
    container = _docker("run", "--detach", "--rm", publish, *environment, f"apache/kafka:{kafka_version()}")
    try:
        wait_for_leaders(admin_client(f"{LOOPBACK}:{port}"), timeout_s=_START_TIMEOUT_S)
        yield f"{LOOPBACK}:{port}"
    finally:
        _docker("kill", container)


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=_DOCKER_TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
