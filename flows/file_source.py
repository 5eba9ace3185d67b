"""A file of events as a Bytewax source: one partition, no wall clock, an end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Literal

import orjson
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.event_files import EventFile
from operators.clock import PartitionClock
from operators.decode import Decoder, Messages, Undecodable
from operators.decode.canonical import event_time_us, parse_time
from operators.records import BEGINNING_OF_TIME, END_OF_TIME, MAX_EPOCH_MS, MIN_EPOCH_MS, Chunk, Origin

log = logging.getLogger(__name__)

AtEnd = Literal["hold", "flush"]
Progress = Callable[[int, int], None]
"""(bytes read, bytes in all)."""

_WATERMARK = b'"watermark"'


@dataclass(frozen=True)
class FileSource(FixedPartitionedSource[Chunk, None]):
    """Reads ``path`` in chunks of ``chunk_size`` events.

    A line that holds only ``{"watermark": …}`` raises the watermark at its place. ``at_end`` ``hold`` ends with the
    watermark at the largest event time (or explicit watermark) read, ``flush`` at the end of time. It keeps nothing
    for a resume: a run over a file starts at its beginning.
    """

    path: Path
    decoder: Decoder
    max_out_of_orderness_us: int
    at_end: AtEnd = "hold"
    chunk_size: int = 2_048
    progress: Progress | None = None

    def list_parts(self) -> list[str]:
        """The file itself."""
        return [self.path.name]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> FilePartition:
        """Opens the file; raises ``OSError``."""
        return FilePartition(self)


class FilePartition(StatefulSourcePartition[Chunk, None]):
    """The file being read."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._origin: Origin = (source.path.name, 0)
        self._clock = PartitionClock(source.max_out_of_orderness_us)
        self._file = EventFile(source.path)
        self._pieces = _pieces(self._file, source.chunk_size)
        self._line = 0
        self._largest_us = BEGINNING_OF_TIME
        self._ended = False

    def next_batch(self) -> list[Chunk]:
        """The next chunk, at the end one that is final and empty, then StopIteration."""
        if self._ended:
            raise StopIteration
        try:
            piece = next(self._pieces, None)
        except OSError as error:
            if parent_process() is not None:
                # In a cluster the engine reports the end of its connections instead of this.
                log.error("%s: cannot be read: %s", self._source.path, error)
            raise
        if piece is None:
            self._ended = True
            return [self._final()]
        if self._source.progress is not None:
            self._source.progress(self._file.position, self._file.size)
        lines, watermark_us = piece
        chunk = self._chunk(lines)
        if watermark_us is not None:
            self._line += 1
            self._largest_us = max(self._largest_us, watermark_us)
            self._clock.raise_to(watermark_us)
            chunk.watermark_us = self._clock.watermark_us
        return [chunk]

    def snapshot(self) -> None:
        """Nothing: see ``FileSource``."""

    def _chunk(self, lines: list[bytes]) -> Chunk:
        count = len(lines)
        offsets = list(range(self._line, self._line + count))
        self._line += count
        decoded = self._source.decoder.decode(Messages(self._origin, lines, offsets, [0] * count))
        times_us = decoded.event_times_us
        if times_us:
            self._largest_us = max(self._largest_us, *times_us)
        stamps, late = self._clock.stamp(times_us)
        return Chunk(
            origin=self._origin,
            origins=(self._origin,),
            records=decoded.records,
            event_times_us=times_us,
            offsets=decoded.offsets,
            indexes=decoded.indexes,
            record_times_us=decoded.record_times_us,
            watermarks_us=stamps,
            late=late,
            dead=decoded.dead,
            watermark_us=self._clock.watermark_us,
        )

    def _final(self) -> Chunk:
        chunk = self._chunk([])
        chunk.final = True
        chunk.watermark_us = END_OF_TIME if self._source.at_end == "flush" else self._largest_us
        if self._source.progress is not None:
            self._source.progress(self._file.size, self._file.size)
        return chunk


def _pieces(file: EventFile, chunk_size: int) -> Iterator[tuple[list[bytes], int | None]]:
    """Up to ``chunk_size`` lines, cut where a watermark stands, and that watermark."""
    for block in file.blocks():
        if _WATERMARK not in b"".join(block):
            for start in range(0, len(block), chunk_size):
                yield block[start : start + chunk_size], None
            continue
        lines = iter(block)
        while piece := list(islice(lines, chunk_size)):
            start = 0
            for place, line in enumerate(piece):
                if _WATERMARK in line:
                    watermark_us = _explicit_watermark(line)
                    if watermark_us is not None:
                        yield piece[start:place], watermark_us
                        start = place + 1
            if start < len(piece):
                yield piece[start:] if start else piece, None


def _explicit_watermark(line: bytes) -> int | None:
    """The watermark that a line holds and nothing else, in microseconds; None if it is another line."""
    try:
        value: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or value.keys() != {"watermark"}:
        return None
    time = value["watermark"]
    if isinstance(time, int) and not isinstance(time, bool):
        return time * 1_000 if MIN_EPOCH_MS <= time <= MAX_EPOCH_MS else None
    try:
        return event_time_us(parse_time(time, "watermark"))
    except Undecodable:
        return None
