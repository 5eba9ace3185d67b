"""The actions sink: what is to be done goes to Kafka, and an epoch closes only over confirmed deliveries.

It sends what it is given: after a crash, what was sent since the last closed epoch comes again, under the same
``action_id``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from operators.records import Decision
from sinks.kafka.action_message import action_headers, action_key, render_action
from sinks.kafka.producer import ConfirmedProducer, KafkaConfig
from sinks.shared import Shared

# Bytewax hashes recipients onto these: a recipient stays on one, and so in order. More than workers, for even shares.
DEFAULT_PARTS: Final = tuple(f"{part:02d}" for part in range(16))


class ActionsSink(FixedPartitionedSink[Decision, None]):
    """Produces ``(recipient or key, Decision)`` to a topic; the decisions' outcome must be ``action``.

    ``config`` is librdkafka's; ``now_us`` gives system time, for ``detection_time``. All partitions of a process share
    one producer. ``snapshot`` returns when every message is confirmed.
    Raises `DeliveryFailed` out of ``write_batch`` or ``snapshot``, which stops the dataflow.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topic: str,
        *,
        now_us: Callable[[], int],
        part_names: Sequence[str] = DEFAULT_PARTS,
        deadline_s: float = 30.0,
    ) -> None:
        self._now_us = now_us
        self._part_names = list(part_names)
        self._shared = Shared(lambda: ConfirmedProducer(config, topic, deadline_s=deadline_s), lambda producer: None)

    def list_parts(self) -> list[str]:
        return self._part_names

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ActionsPartition:
        return ActionsPartition(self._shared, self._now_us)


class ActionsPartition(StatefulSinkPartition[Decision, None]):
    """One partition of an `ActionsSink`."""

    def __init__(self, shared: Shared[ConfirmedProducer], now_us: Callable[[], int]) -> None:
        self._shared = shared
        self._producer = shared.acquire()
        self._now_us = now_us

    def write_batch(self, values: list[Decision]) -> None:
        """Raises `DeliveryFailed`; `ValueError` for what is no action, which nobody must receive."""
        now_us = self._now_us()
        for decision in values:
            if decision.outcome != "action":
                raise ValueError(f"{decision.action_id} is {decision.outcome}: only actions go to the actions topic")
            self._producer.write(
                render_action(decision, now_us), key=action_key(decision), headers=action_headers(decision)
            )
        self._producer.poll()

    def snapshot(self) -> None:
        self._producer.flush()

    def close(self) -> None:
        self._shared.release()
