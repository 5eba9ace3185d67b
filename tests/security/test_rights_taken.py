"""One right less than documented: named at the start, and where it is taken from a running job."""

import time
import uuid

import pytest
from confluent_kafka.admin import AclBinding

from config.settings import load_settings
from flows.kafka_access import missing_access
from flows.kafka_source import KafkaSource, TopicSource
from flows.kafka_topics import SourceError
from operators.decode import Decoder
from sinks.errors import DeliveryFailed
from sinks.kafka.producer import ConfirmedProducer
from tests.integration.live_topics import event
from tests.security.documented import documented_acls
from tests.security.secured_site import Environment, SecuredSite
from tests.security.whom_it_knows import KEY_PASSWORD, MARK, NOBODY, WRONG
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

AT_ONCE = """
trigger: at_once
version: 1
match: {steps: [{event: hello}]}
actions: [{channel: email, template: t}]
"""
QUICK_S = 10.0
"""Of what would be tried for 30 s, or for ever, if it were not known to be of no use."""


class Somebody:
    """A principal of the test's own, with the documented rights."""

    def __init__(self, site: SecuredSite) -> None:
        name = f"job-{uuid.uuid4().hex}"
        self.acls = documented_acls(f"User:CN={name}", site)
        self.settings: Environment = site.by_certificate(site.authority.sign(name, key_password=KEY_PASSWORD))
        self.connection = load_settings(self.settings).kafka.librdkafka()
        self._site = site

    def right(self, operation: str, name: str) -> AclBinding:
        (found,) = [each for each in self.acls if (each.operation.name, each.name) == (operation, name)]
        return found

    def missing(self) -> list[str]:
        site = self._site
        return missing_access(
            self.connection, reads=[site.topic, site.actions_topic], writes=[site.actions_topic, site.dead_letter_topic]
        )


@pytest.fixture
def somebody(secured_site: SecuredSite) -> Somebody:
    return Somebody(secured_site)


def test_with_the_documented_rights_nothing_is_missing(secured_site: SecuredSite, somebody: Somebody) -> None:
    secured_site.secured_kafka.grant(somebody.acls)
    assert somebody.missing() == []


@pytest.mark.parametrize(
    ("operation", "of", "told"),
    [
        ("READ", "topic", "Read on topic"),
        ("WRITE", "actions_topic", "Write on topic"),
        ("READ", "actions_topic", "Read on topic"),
        ("WRITE", "dead_letter_topic", "Write on topic"),
        ("DESCRIBE", "customer-triggers", "Describe on group"),
    ],
)
def test_a_missing_acl_is_named(
    secured_site: SecuredSite, somebody: Somebody, operation: str, of: str, told: str
) -> None:
    name = getattr(secured_site, of, of)
    absent = next(each for each in somebody.acls if (each.operation.name, each.name) == (operation, name))
    secured_site.secured_kafka.grant([each for each in somebody.acls if each != absent])
    (missing,) = somebody.missing()
    assert f"{told} {name} " in missing


def test_all_that_is_missing_is_named_at_once(secured_site: SecuredSite, somebody: Somebody) -> None:
    missing = "\n".join(somebody.missing())
    for name in (secured_site.topic, secured_site.actions_topic, secured_site.dead_letter_topic, "customer-triggers"):
        assert name in missing


@pytest.mark.parametrize(("operation", "of"), [("READ", "topic"), ("WRITE", "actions_topic")])
def test_a_right_that_is_taken_away_stops_the_running_job(
    secured_site: SecuredSite, somebody: Somebody, operation: str, of: str
) -> None:
    site, name = secured_site, getattr(secured_site, of)
    site.secured_kafka.grant(somebody.acls)
    site.trigger(
        "trigger: at_once\nversion: 1\nmatch: {steps: [{event: hello}]}\nactions: [{channel: email, template: t}]"
    )
    now_ms = time.time_ns() // 1_000_000
    site.produce([event("e1", "hello", "c1", now_ms)])
    with site.flow(settings=somebody.settings | site.to_clickhouse()) as flow:
        flow.wait_until(lambda: len(site.actions()) == 1, what="the first action")
        site.secured_kafka.take_away(somebody.right(operation, name))
        site.produce([event("e2", "hello", "c1", now_ms + 1)])
        assert flow.wait(QUICK_S) == 1
    assert f"{operation.capitalize()} on topic {name}" in flow.output
    assert MARK not in flow.output


def test_a_password_that_is_no_longer_right_stops_a_source(secured_site: SecuredSite) -> None:
    """As when it was changed and the connection has to be made again."""
    wrong = load_settings(secured_site.by_password() | {"CT_KAFKA__SASL_PASSWORD": WRONG}).kafka.librdkafka()
    topics = {secured_site.topic: TopicSource(Decoder("canonical", schemas={}, vocabulary=None), 0)}
    # As a run that knows its partitions already: the question which there are would be refused before.
    source = KafkaSource(wrong, topics, 0, 0, chunk_size=10, _origins=((secured_site.topic, 0),))
    assert MARK not in repr(source)
    partition = source.build_part("source", f"{secured_site.topic}/0", None)

    with pytest.raises(SourceError, match=r"kafka\.sasl_username triggers and its password") as caught:
        wait_until(lambda: partition.next_batch() == ["never"], what="the refusal", within_s=QUICK_S)
    partition.close()
    assert MARK not in str(caught.value)


def test_a_password_that_is_no_longer_right_stops_a_sink_before_its_deadline(secured_site: SecuredSite) -> None:
    wrong = load_settings(secured_site.by_password() | {"CT_KAFKA__SASL_PASSWORD": WRONG}).kafka.librdkafka()
    producer = ConfirmedProducer(wrong, secured_site.actions_topic, deadline_s=300.0)
    producer.write(b"{}", key=None, headers=[])

    with pytest.raises(DeliveryFailed, match=r"kafka\.sasl_username triggers and its password") as caught:
        wait_until(lambda: producer.poll() == "never", what="the refusal", within_s=QUICK_S)
    assert MARK not in str(caught.value)


def test_a_sink_without_any_right_says_which_is_missing(secured_site: SecuredSite) -> None:
    """Kafka refuses the message, or before it, and fatally, what makes messages come once."""
    connection = load_settings(secured_site.by_password(NOBODY)).kafka.librdkafka()
    producer = ConfirmedProducer(connection, secured_site.actions_topic, deadline_s=300.0)
    producer.write(b"{}", key=None, headers=[])
    with pytest.raises(DeliveryFailed, match=f"an ACL is missing: allow user {NOBODY} "):
        wait_until(lambda: producer.poll() == "never", what="the refusal", within_s=QUICK_S)


def test_a_missing_right_to_the_transactional_ids_stops_the_job_and_is_named(
    secured_site: SecuredSite, somebody: Somebody
) -> None:
    """Kafka cannot be asked for it before, so the job is told when it begins to look at what was sent."""
    site = secured_site
    site.abandonment()
    site.secured_kafka.grant([each for each in somebody.acls if each.restype.name != "TRANSACTIONAL_ID"])
    with site.flow(settings=somebody.settings | site.to_clickhouse()) as flow:
        assert flow.wait(3 * QUICK_S) == 1
    assert f"Write on transactional id customer-triggers-{site.actions_topic}-" in flow.output
