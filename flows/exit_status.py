"""What the exit status of a flow says, so that whoever started it knows whether starting it again can help."""

from __future__ import annotations

from enum import IntEnum

from bytewax.recovery import InconsistentPartitionsError, MissingPartitionsError, NoPartitionsError

from config.errors import ConfigError
from flows.kafka_topics import PartitionsChanged, SourceError, SourceUnavailable
from operators.detect import WorkersError
from operators.profiles.stored import ProfileFormatError
from operators.state import StateFormatError
from sinks.errors import (
    DeliveryFailed,
    DeliveryRefused,
    RetriesExhausted,
    TakenOver,
    TerminalSinkError,
    TransientSinkError,
)


class ExitStatus(IntEnum):
    """How a process of a flow ends; any other status is of a signal or of nobody's making."""

    STOPPED = 0
    """It was asked to."""
    FAILED = 1
    """By an error that nobody has thought of."""
    BAD_CONFIGURATION = 2
    """Somebody has to change something: a setting, a trigger, a table, a password, the recovery store."""
    UNAVAILABLE = 3
    """Kafka or ClickHouse did not answer for too long; when they do, a new start goes on."""
    PARTITIONS_CHANGED = 4
    """A topic has more partitions than are read: a new start reads them."""
    PEER_LOST = 5
    """Another process of the cluster has ended, and with it the cluster."""


# One that was only thought dead, a suspended machine say, finds itself taken over: a new start takes over in turn.
_UNAVAILABLE = (SourceUnavailable, RetriesExhausted, DeliveryFailed, TakenOver, TransientSinkError)
_NOT_BY_ITSELF = (
    ConfigError,
    SourceError,
    TerminalSinkError,
    StateFormatError,
    ProfileFormatError,
    WorkersError,
    NoPartitionsError,
    MissingPartitionsError,
    InconsistentPartitionsError,
)


def status_of(error: BaseException) -> ExitStatus:
    """The status that tells of this error."""
    if isinstance(error, PartitionsChanged):
        return ExitStatus.PARTITIONS_CHANGED
    if isinstance(error, _UNAVAILABLE) and not isinstance(error, DeliveryRefused):
        return ExitStatus.UNAVAILABLE
    if isinstance(error, _NOT_BY_ITSELF):
        return ExitStatus.BAD_CONFIGURATION
    return ExitStatus.FAILED
