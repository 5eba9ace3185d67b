"""A scrape never raises: what it raised would end the flow."""

import pytest

from flows.metrics import FlowMetrics
from operators.detect import Detection
from tests.harness import compiled, trigger


class Changing(Detection):
    """Changes while it is looked at, so many times."""

    errors: list[Exception]

    @property
    def groups(self):
        if self.errors:
            raise self.errors.pop()
        return super().groups


def metrics(*errors: Exception) -> FlowMetrics:
    detection = Changing(compiled(trigger("steps: [{event: a}]")), 4, 0)
    detection.errors = list(errors)
    watching = FlowMetrics()
    watching.watch_detection(detection, lambda: 0)
    return watching


def names(watching: FlowMetrics) -> set[str]:
    return {family.name for family in watching.collect()}


def test_what_changes_while_it_is_read_is_read_again():
    whole = names(metrics())
    assert "customer_triggers_open_matches" in whole
    mutated = RuntimeError("deque mutated during iteration")
    assert names(metrics(*[mutated] * 9)) == whole


@pytest.mark.parametrize("errors", [[RuntimeError("dictionary changed size during iteration")] * 10, [KeyError()] * 10])
def test_what_cannot_be_read_is_said_and_raises_nothing(errors: list[Exception], caplog: pytest.LogCaptureFixture):
    assert names(metrics(*errors)) == set()
    assert caplog.text.count("metrics cannot be read") == 1
