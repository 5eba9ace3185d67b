"""Errors of Kafka told apart: what only a person can mend, and what may pass. The real ones are in `tests/security`."""

import pytest
from confluent_kafka import KafkaError

from sinks.certificates import why_untrusted
from sinks.kafka.refusals import refusal_of

CONNECTION = {"sasl.username": "me", "sasl.mechanism": "PLAIN", "transactional.id": "job-1"}


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "", "allow user me Write on topic actions"),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, "", "Describe on group customer-triggers"),
        (KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, "", "Write on transactional id job-1"),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, "", "IdempotentWrite on the cluster"),
        (KafkaError._AUTHENTICATION, "sasl://b:1/1: bad (after 3ms in state AUTH_REQ)", "its password (bad)"),
    ],
)
def test_a_refusal_names_what_to_change(code: int, said: str, told: str) -> None:
    refused = refusal_of(KafkaError(code, said), CONNECTION, topic="actions", operation="Write")
    assert refused is not None
    assert told in refused


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (KafkaError._TRANSPORT, "Connect to ipv4#127.0.0.1:9 failed: Connection refused"),
        (KafkaError._SSL, "SSL handshake failed: Disconnected"),
        (KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"),
        (KafkaError._AUTHENTICATION, "Failed to acquire SASL OAUTHBEARER token: Failed to connect to id:443"),
        (KafkaError.LEADER_NOT_AVAILABLE, ""),
    ],
)
def test_what_may_pass_is_no_refusal(code: int, said: str) -> None:
    assert refusal_of(KafkaError(code, said), CONNECTION) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("certificate has expired", "have it renewed"),
        ("certificate is not yet valid", "clocks"),
        ("Hostname mismatch, certificate is not valid for 'x'", "check ADDRESS"),
        ("IP address mismatch, certificate is not valid for '127.0.0.1'", "check ADDRESS"),
        ("unable to get local issuer certificate", "in CA"),
        ("self-signed certificate in certificate chain", "in CA"),
    ],
)
def test_a_certificate_that_is_not_trusted_says_why(said: str, told: str) -> None:
    assert told in why_untrusted(said, ca_setting="CA", address_setting="ADDRESS")
