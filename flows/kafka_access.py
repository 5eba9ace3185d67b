"""Asks Kafka, before anything is read or sent, whether this job may do all that it will have to.

Without it a missing right to write would be found at the first action, hours after the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]

from sinks.kafka.refusals import DEFAULT_GROUP, acl_missing, missing_acl

_ANSWER_TIMEOUT_S: Final = 10.0


def missing_access(connection: Mapping[str, Any], *, reads: Sequence[str], writes: Sequence[str]) -> list[str]:
    """What must be granted first, a sentence each; none where Kafka has no ACLs, or does not say.

    Of a topic that is not there nothing is said: whoever uses it will.
    """
    admin = AdminClient({"log_level": 4, **connection})  # below it, it tells that it was closed early
    if not _has_controller(admin):
        return []
    wanted = [(topic, "Read") for topic in reads] + [(topic, "Write") for topic in writes]
    answers = admin.describe_topics(
        TopicCollection(sorted({topic for topic, _ in wanted})),
        include_authorized_operations=True,
        request_timeout=_ANSWER_TIMEOUT_S,
    )
    missing = []
    for topic, operation in wanted:
        try:
            allowed = answers[topic].result().authorized_operations
        except KafkaException as error:
            missing.append(missing_acl(error.args[0], connection, topic=topic, operation=operation))
        else:
            if allowed is not None and AclOperation[operation.upper()] not in allowed:
                missing.append(acl_missing(f"{operation} on topic {topic}", connection))
    return [each for each in (*missing, _missing_on_group(admin, connection)) if each is not None]


def _has_controller(admin: AdminClient) -> bool:
    """Whether anybody answers what is asked below: librdkafka's built-in broker never does, and would be waited for."""
    try:
        cluster = admin.list_topics(timeout=_ANSWER_TIMEOUT_S)
    except KafkaException:
        return False
    return cluster.controller_id in cluster.brokers


def _missing_on_group(admin: AdminClient, connection: Mapping[str, Any]) -> str | None:
    group = str(connection.get("group.id", DEFAULT_GROUP))
    try:
        admin.describe_consumer_groups([group], request_timeout=_ANSWER_TIMEOUT_S)[group].result()
    except KafkaException as error:
        kafka_error: KafkaError = error.args[0]
        if kafka_error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return missing_acl(kafka_error, connection, topic="", operation="")
    return None
