"""The actions sink: what is to be done goes to Kafka, each action once as whoever reads committed messages sees it.

It sends what it is given, in transactions, and an epoch closes only over what is committed. What was committed after
the last closed epoch is found again by the next run (``flows.actions_tail``), which does not hand it to this sink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias
from zlib import crc32

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from operators.records import Decision
from sinks.kafka.action_message import action_headers, action_key, render_action
from sinks.kafka.incarnations import Incarnation, transactional_id
from sinks.kafka.producer import KafkaConfig
from sinks.kafka.transactions import TransactionalProducer
from sinks.routing import PartNames
from sinks.shared import Shared

PARTS: Final = tuple(f"{part:02d}" for part in range(16))
"""Partitions of the sink, each with a transactional id: more than processes, for each needs one of its own."""


class Opening(NamedTuple):
    """The first item of a partition: predecessors are shut out, and what they sent is known. ``fenced``: who did it."""

    fenced: Incarnation | None


ToSend: TypeAlias = Decision | Opening


def part_of(recipient: str | None) -> str:
    """The partition of a recipient's actions: always one, and so they are in order."""
    return PARTS[crc32((recipient or "").encode("utf-8", "surrogatepass")) % len(PARTS)]


class ActionsSink(FixedPartitionedSink[ToSend, None]):
    """Produces ``(part name, Decision)`` to a topic; the decisions' outcome must be ``action``.

    Nothing is sent before the ``Opening`` of its partition, which must come in the same epoch at the latest.

    ``config`` is librdkafka's; ``application`` names the job, to its readers and in its transactional ids; ``now_us``
    gives system time, for ``detection_time``. All partitions of a process share one producer, under the id of the
    first that was written to. ``snapshot`` returns when every message is committed.
    Raises `TerminalSinkError` out of ``write_batch`` or ``snapshot``, which stops the dataflow.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topic: str,
        *,
        application: str,
        now_us: Callable[[], int],
        part_names: Sequence[str] = PARTS,
        deadline_s: float = 30.0,
    ) -> None:
        self._parts = PartNames(part_names)

        def opened(part: str, opening: Opening) -> TransactionalProducer:
            name = transactional_id(application, topic, part)
            return TransactionalProducer(config, topic, name, after=opening.fenced, deadline_s=deadline_s)

        def send(producer: TransactionalProducer, decision: Decision) -> None:
            producer.write(
                render_action(decision, now_us()),
                key=action_key(decision),
                headers=action_headers(decision, application),
            )

        self._send = send
        self._shared = Shared(opened, TransactionalProducer.close)

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ActionsPartition:
        return ActionsPartition(self._shared, self._send, for_part)


class ActionsPartition(StatefulSinkPartition[ToSend, None]):
    """One partition of an `ActionsSink`. Bytewax builds those that a store knows before anything runs."""

    def __init__(
        self,
        shared: Shared[TransactionalProducer],
        send: Callable[[TransactionalProducer, Decision], None],
        name: str,
    ) -> None:
        self._shared, self._send, self._name = shared, send, name
        self._producer: TransactionalProducer | None = None
        self._waiting: list[Decision] = []

    def write_batch(self, values: list[ToSend]) -> None:
        """Raises `TerminalSinkError`; `ValueError` for what is no action, which nobody must receive."""
        for value in values:
            if isinstance(value, Opening):
                if self._producer is None:
                    self._producer = self._shared.acquire(self._name, value)
            else:
                self._waiting.append(value)
        if self._producer is None:
            return
        for decision in self._waiting:
            if decision.outcome != "action" or decision.sent_before:
                what = "was sent before" if decision.sent_before else f"is {decision.outcome}"
                raise ValueError(f"{decision.action_id} {what}: only actions to be sent go to the actions topic")
            self._send(self._producer, decision)
        self._waiting.clear()

    def snapshot(self) -> None:
        """Returns when all is committed."""
        if self._waiting:
            raise ValueError(f"{len(self._waiting)} actions came, and no opening of {self._name}")
        if self._producer is not None:
            self._producer.flush()

    def close(self) -> None:
        if self._producer is not None:
            self._shared.release()
