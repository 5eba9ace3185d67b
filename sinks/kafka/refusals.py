"""Why Kafka will not have us: what only a person can change, told with the setting or the ACL to look at.

librdkafka tries everything again for ever, a wrong password too, and says of every certificate it does not trust the
same. Whoever hears an error asks here whether it can mend by itself.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError

from sinks.certificates import why_untrusted

DEFAULT_GROUP: Final = "customer-triggers"
"""Of the consumers. No offset is ever committed to it, but librdkafka looks up its coordinator."""

PASSING: Final = frozenset(
    {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE}
)
"""What librdkafka goes on trying to mend by itself."""

_PEER: Final = re.compile(r"://(?P<host>\[[^\]]+\]|[^/:]+):(?P<port>\d+)/")
_CLIENT_REFUSED: Final = re.compile(r"alert (bad|unsupported|unknown|certificate|handshake failure).*|alert unknown ca")
_TOKEN: Final = "Failed to acquire SASL OAUTHBEARER token"
_UNREACHABLE: Final = ("connect to", "resolve", "timed out", "timeout")
_ANSWER_WITHIN_S: Final = 5.0


def refusal_of(
    error: KafkaError, connection: Mapping[str, Any], *, topic: str = "", operation: str = "Read"
) -> str | None:
    """What is wrong and where to look, for an error that will not pass by itself; None for every other.

    ``connection`` is librdkafka's configuration; ``operation`` is what was to be done with ``topic``. Holds no secret.
    """
    code, said = error.code(), error.str()
    if code == KafkaError._SSL and "certificate verify failed" in said:
        return _untrusted(said, connection)
    if code in (KafkaError._SSL, KafkaError._TRANSPORT) and _CLIENT_REFUSED.search(said):
        return (
            "the broker does not take our certificate: look at kafka.ssl_certificate_location and "
            f"kafka.ssl_key_location ({_without_address(said)})"
        )
    if code == KafkaError._AUTHENTICATION:
        return _not_known(said, connection)
    return missing_acl(error, connection, topic=topic, operation=operation)


def passes(error: KafkaError) -> bool:
    """Whether a consumer that hears this has only to wait."""
    return not error.fatal() and (error.retriable() or error.code() in PASSING)


def missing_acl(error: KafkaError, connection: Mapping[str, Any], *, topic: str, operation: str) -> str | None:
    """The ACL whose absence the error tells of, None where it tells of something else."""
    wanted = {
        KafkaError.TOPIC_AUTHORIZATION_FAILED: f"{operation} on topic {topic}",
        KafkaError.GROUP_AUTHORIZATION_FAILED: f"Describe on group {connection.get('group.id', DEFAULT_GROUP)}",
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: (
            f"Write on transactional id {connection.get('transactional.id', '')}".rstrip()
        ),
        KafkaError.CLUSTER_AUTHORIZATION_FAILED: "IdempotentWrite on the cluster (of a broker before 3.0)",
    }.get(error.code())
    return None if wanted is None else acl_missing(wanted, connection)


def acl_missing(wanted: str, connection: Mapping[str, Any]) -> str:
    """``wanted`` as in "Read on topic events"."""
    user = connection.get("sasl.username") or connection.get("sasl.oauthbearer.client.id")
    whom = f"user {user}" if user else "this job's principal"
    return f"an ACL is missing: allow {whom} {wanted} (docs/security.md lists all that are needed)"


def _not_known(said: str, connection: Mapping[str, Any]) -> str | None:
    """Of a login: None where it is only the identity provider that is away."""
    if _TOKEN in said:
        if any(word in said for word in _UNREACHABLE):
            return None
        if "trust anchors" in said or "certificate" in said.lower():
            return f"the certificate of kafka.oauth_token_url is not trusted: look at kafka.oauth_ca_location ({said})"
        return (
            "no token for kafka.oauth_client_id: look at it, kafka.oauth_client_secret and kafka.oauth_scope "
            f"({said.removeprefix(_TOKEN).lstrip(': ')})"
        )
    why = _without_address(said)
    if "mechanism" in said.lower() and "support" in said.lower():
        return f"the broker does not offer kafka.sasl_mechanism {connection.get('sasl.mechanism')} ({why})"
    if connection.get("sasl.mechanism") == "OAUTHBEARER":
        return f"the broker does not take the token of kafka.oauth_token_url: look at kafka.oauth_scope ({why})"
    return f"the broker does not take kafka.sasl_username {connection.get('sasl.username')} and its password ({why})"


def _untrusted(said: str, connection: Mapping[str, Any]) -> str:
    """librdkafka does not say why it distrusts a certificate, so it is looked at once more."""
    found = _PEER.search(said)
    why = _certificate_problem(found["host"].strip("[]"), int(found["port"]), connection) if found else said
    return why_untrusted(why, ca_setting="kafka.ssl_ca_location", address_setting="KAFKA_BOOTSTRAP_SERVERS")


def _certificate_problem(host: str, port: int, connection: Mapping[str, Any]) -> str:
    ca = connection.get("ssl.ca.location")
    is_folder = ca is not None and Path(str(ca)).is_dir()
    try:
        context = ssl.create_default_context(
            cafile=None if ca is None or is_folder else str(ca), capath=str(ca) if is_folder else None
        )
        with (
            socket.create_connection((host, port), timeout=_ANSWER_WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return ""  # trusted by OpenSSL's own authorities, and not by librdkafka's
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError as error:
        return str(error)


def _without_address(said: str) -> str:
    """librdkafka's words without the broker's address before them and the time after."""
    return re.sub(r"^\S+://\S+: | \(after \d+ms in state \w+\).*$", "", said)
