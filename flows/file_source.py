"""A file of events as a Bytewax source: one partition, no wall clock, an end."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Literal

import orjson
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.event_files import EventFile, lines_of
from flows.worker_thread import keep_thread_state
from operators.clock import PartitionClock
from operators.decode import Decoded, Decoder, Messages, Undecodable
from operators.decode.times import event_time_us, parse_time
from operators.records import BEGINNING_OF_TIME, END_OF_TIME, MAX_EPOCH_MS, MIN_EPOCH_MS, Chunk, Origin

log = logging.getLogger(__name__)

AtEnd = Literal["hold", "flush"]
Progress = Callable[[int, int], None]
"""(bytes read, bytes in all)."""

_WATERMARK = b'"watermark"'
_PIECE = 2_048
"""Lines a chunk where a block of the file has to be looked at line by line."""


@dataclass(frozen=True)
class FileSource(FixedPartitionedSource[Chunk, None]):
    """Reads ``path`` in chunks of ``chunk_size`` events; None: of a block of the file each, which is fastest.

    A line that holds only ``{"watermark": …}`` raises the watermark at its place. ``at_end`` ``hold`` ends with the
    watermark at the largest event time (or explicit watermark) read, ``flush`` at the end of time. It keeps nothing
    for a resume: a run over a file starts at its beginning.
    """

    path: Path
    decoder: Decoder
    max_out_of_orderness_us: int
    at_end: AtEnd = "hold"
    chunk_size: int | None = None
    progress: Progress | None = None

    def list_parts(self) -> list[str]:
        """The file itself."""
        return [self.path.name]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> FilePartition:
        """Opens the file; raises ``OSError``."""
        keep_thread_state()
        return FilePartition(self)


class FilePartition(StatefulSourcePartition[Chunk, None]):
    """The file being read."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._origin: Origin = (source.path.name, 0)
        self._clock = PartitionClock(source.max_out_of_orderness_us)
        self._file = EventFile(source.path)
        self._texts = self._file.texts()
        self._pieces: deque[tuple[list[bytes], int | None]] = deque()
        """Lines that were looked at one by one and are still to be given, each with the watermark that follows."""
        self._line = 0
        self._largest_us = BEGINNING_OF_TIME
        self._ended = False

    def next_batch(self) -> list[Chunk]:
        """The next chunk, at the end one that is final and empty, then StopIteration."""
        if self._ended:
            raise StopIteration
        if not self._pieces:
            text = self._next_text()
            if text is None:
                self._ended = True
                return [self._final()]
            decoded = None if self._source.chunk_size else self._source.decoder.decode_lines(text, self._line)
            if decoded is not None:
                self._line += len(decoded.records)
                return [self._chunk(decoded)]
            self._pieces.extend(_pieces(text, self._source.chunk_size or _PIECE))
        return [self._piece(*self._pieces.popleft())] if self._pieces else []

    def snapshot(self) -> None:
        """Nothing: see ``FileSource``."""

    def _next_text(self) -> bytes | None:
        try:
            text = next(self._texts, None)
        except OSError as error:
            if parent_process() is not None:
                # In a cluster the engine reports the end of its connections instead of this.
                log.error("%s: cannot be read: %s", self._source.path, error)
            raise
        if self._source.progress is not None:
            self._source.progress(self._file.size if text is None else self._file.position, self._file.size)
        return text

    def _piece(self, lines: list[bytes], watermark_us: int | None) -> Chunk:
        """Lines that may hold anything, and the explicit watermark after them."""
        offsets = list(range(self._line, self._line + len(lines)))
        chunk = self._chunk(self._source.decoder.decode(Messages(self._origin, lines, offsets, [0] * len(lines))))
        self._line += len(lines)
        if watermark_us is not None:
            self._line += 1
            self._largest_us = max(self._largest_us, watermark_us)
            self._clock.raise_to(watermark_us)
            chunk.watermark_us = self._clock.watermark_us
        return chunk

    def _chunk(self, decoded: Decoded) -> Chunk:
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
        chunk = self._piece([], None)
        chunk.final = True
        chunk.watermark_us = END_OF_TIME if self._source.at_end == "flush" else self._largest_us
        return chunk


def _pieces(text: bytes, size: int) -> Iterator[tuple[list[bytes], int | None]]:
    """The lines of a text, up to ``size`` at a time and cut where a watermark stands, each with that watermark."""
    piece: list[bytes] = []
    for line in lines_of(text):
        watermark_us = _explicit_watermark(line) if _WATERMARK in line else None
        if watermark_us is None:
            piece.append(line)
        if watermark_us is not None or len(piece) == size:
            yield piece, watermark_us
            piece = []
    if piece:
        yield piece, None


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
