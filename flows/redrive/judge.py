"""Whether a dead letter would be an event now. Pure: the decoder and the time are arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from flows.redrive.repair import Irreparable, Repair
from operators.decode import Decoded, Decoder, Messages
from sinks.clickhouse.redrive import REDRIVEN_FROM, Letter
from sinks.kafka.sender import Outgoing

IRREPARABLE: Final = "irreparable"
LEFT_BY_REPAIR: Final = "left_by_the_repair"
TOO_LARGE: Final = "too_large_for_the_topic"


class Verdict(NamedTuple):
    """``outgoing`` None: it stays, for ``why`` (a reason of a dead letter, or one of this module's); see ``text``."""

    letter: Letter
    outgoing: Outgoing | None
    why: str
    text: str
    event_times_us: tuple[int, ...] = ()


class Judge:
    """Decides with the configuration of now. ``partitions`` is how many each topic has."""

    def __init__(self, decoders: Mapping[str, Decoder], partitions: Mapping[str, int], repair: Repair) -> None:
        self._decoders = decoders
        self._partitions = partitions
        self._repair = repair

    def __call__(self, letter: Letter, now_ms: int) -> Verdict:
        try:
            value = self._repair(letter.raw)
        except Irreparable as error:
            return Verdict(letter, None, IRREPARABLE, str(error))
        if value is None:
            return Verdict(letter, None, LEFT_BY_REPAIR, "the repair gave None")
        decoded = self._decoded(letter, value, now_ms)
        if decoded.dead:
            return Verdict(letter, None, decoded.dead[0].reason, decoded.dead[0].message)
        arrived = self._decoded(letter, value, letter.id.record_time_ms)
        # An event without a time of its own has that of its message, which is when it first came. For all others the
        # message is new: held against its time now, and kept by the topic as long as any other.
        is_timed_by_arrival = not arrived.dead and arrived.event_times_us != decoded.event_times_us
        fitting = arrived if is_timed_by_arrival else decoded
        outgoing = Outgoing(
            topic=letter.id.topic,
            # Where the customer's other events are, whatever spread them; a key says so only with the same spreading.
            partition=letter.id.partition if letter.id.partition < self._partitions[letter.id.topic] else None,
            value=value,
            key=letter.key,
            headers=[*letter.headers, (REDRIVEN_FROM, letter.id.text.encode())],
            time_ms=letter.id.record_time_ms if is_timed_by_arrival else 0,
        )
        return Verdict(letter, outgoing, "", "", tuple(fitting.event_times_us))

    def _decoded(self, letter: Letter, value: bytes, arrival_ms: int) -> Decoded:
        messages = Messages(
            origin=letter.id[:2],
            values=[value],
            offsets=[letter.id.offset],
            record_times_us=[arrival_ms * 1_000],
            keys=[letter.key],
            headers=[letter.headers],
        )
        return self._decoders[letter.id.topic].decode(messages)
