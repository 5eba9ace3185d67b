"""A flow that cannot work says why in a sentence and ends, before it has read or written anything."""

from typing import Final

import pytest

from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.loopback_port import LOOPBACK, free_port

pytestmark = pytest.mark.integration

BAD_CONFIGURATION: Final = 2
UNAVAILABLE: Final = 3
FLOWS: Final = ("pipeline", "triggers", "archive")


def test_no_kafka_at_the_address_is_named_and_ends_every_flow(site: Site) -> None:
    """At once, for each waits half a minute."""
    site.abandonment()
    nobody = f"{LOOPBACK}:{free_port()}"
    flows = [site.flow(name, settings={"KAFKA_BOOTSTRAP_SERVERS": nobody}).start() for name in FLOWS]
    for flow in flows:
        status, output = ended(flow)
        assert status == UNAVAILABLE
        (line,) = output.splitlines()
        assert line.startswith(f"no Kafka answers at {nobody}")
        assert "Connection refused" in line


def test_a_missing_topic_is_named_and_ends_the_flow(site: Site) -> None:
    site.abandonment()
    status, output = run(site, CT_TOPICS='{"nobody-made-this": {}}')
    assert status == BAD_CONFIGURATION
    assert output.strip().splitlines() == [
        f"topic 'nobody-made-this' cannot be read at {site.kafka}: Broker: Unknown topic or partition"
    ]


def test_a_bad_trigger_file_is_named_with_its_line(site: Site) -> None:
    site.trigger("trigger: bad\nversion: 1\nmatch:\n  steps:\n    - {evnt: cart_add}\nactions: []\n", "bad")
    status, output = run(site)
    assert status == BAD_CONFIGURATION
    assert f"{site.triggers / 'bad.yaml'}:5:" in output
    assert "evnt" in output


def test_a_folder_without_triggers_is_named(site: Site) -> None:
    status, output = run(site)
    assert status == BAD_CONFIGURATION
    assert f"{site.triggers}" in output
    assert "holds no trigger" in output


def test_an_unknown_setting_is_named_with_the_nearest(site: Site) -> None:
    site.abandonment()
    status, output = run(site, CT_IDLE_AFTR="1s")
    assert status == BAD_CONFIGURATION
    assert "CT_IDLE_AFTR" in output
    assert "CT_IDLE_AFTER" in output


def run(site: Site, **settings: str) -> tuple[int, str]:
    return ended(site.flow(settings=settings).start())


def ended(flow: LiveFlow) -> tuple[int, str]:
    """Exit status and output of a flow that must end by itself, without a traceback."""
    status = flow.wait(60)
    assert "Traceback" not in flow.output
    assert "panicked" not in flow.output
    return status, flow.output
