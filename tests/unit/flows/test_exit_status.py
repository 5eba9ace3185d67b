"""Which errors a new start may mend, and which it cannot."""

import pytest

from config.errors import ConfigError
from flows.exit_status import ExitStatus, status_of
from flows.kafka_topics import PartitionsChanged, SourceError, SourceUnavailable
from operators.detect import WorkersError
from operators.profiles.stored import ProfileFormatError
from operators.state import StateFormatError
from sinks import errors
from sinks.errors import SinkError

MENDED = {"DeliveryFailed", "TakenOver", "RetriesExhausted", "TransientSinkError"}


def sink_errors(kind: type[SinkError] = SinkError) -> list[type[SinkError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in sink_errors(below))]


@pytest.mark.parametrize("kind", [each for each in sink_errors() if each.__module__ == errors.__name__])
def test_of_the_sinks_only_what_may_pass_is_worth_a_new_start(kind: type[SinkError]):
    if kind.__name__ in MENDED:
        assert status_of(kind("x")) is ExitStatus.UNAVAILABLE
    elif kind is SinkError:
        assert status_of(kind("x")) is ExitStatus.FAILED
    else:
        assert status_of(kind("x")) is ExitStatus.BAD_CONFIGURATION


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError([]), ExitStatus.BAD_CONFIGURATION),
        (SourceError("no such topic"), ExitStatus.BAD_CONFIGURATION),
        (SourceUnavailable("away"), ExitStatus.UNAVAILABLE),
        (PartitionsChanged("more"), ExitStatus.PARTITIONS_CHANGED),
        (StateFormatError("later"), ExitStatus.BAD_CONFIGURATION),
        (ProfileFormatError("later"), ExitStatus.BAD_CONFIGURATION),
        (WorkersError("7"), ExitStatus.BAD_CONFIGURATION),
        (KeyError("a bug"), ExitStatus.FAILED),
    ],
)
def test_what_else_may_end_a_flow(error: Exception, status: ExitStatus):
    assert status_of(error) is status
