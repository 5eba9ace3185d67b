"""Files of events as blocks of lines: JSON lines (plain, ``.gz``, ``.zst``) and Parquet."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

BLOCK_BYTES = 640 * 1024
"""About two thousand lines: a chunk of that size, with all that is made of it, stays in a core's cache."""
_COMPRESSED_BYTES = BLOCK_BYTES // 8
"""What is about such a block once it is decompressed."""


class UnreadableFileError(OSError):
    """The file is there, and is not what its name says."""


class EventFile:
    """One file, read from its beginning. ``position`` and ``size`` are bytes on disk, for a progress bar.

    Raises ``OSError`` where it cannot be opened, ``UnreadableFileError`` on reading where it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._path = path
        self._disk: IO[bytes] = path.open("rb")

    @property
    def position(self) -> int:
        """How far the file has been read."""
        return self._disk.tell() if not self._disk.closed else self.size

    def texts(self) -> Iterator[bytes]:
        """Blocks of whole lines, in order, without a line end at their ends."""
        with self._disk:
            try:
                yield from _parquet(self._path) if self._path.suffix == ".parquet" else self._whole_lines()
            except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
                raise UnreadableFileError(f"cut short or damaged: {error}") from error

    def blocks(self) -> Iterator[list[bytes]]:
        """The same as lists of lines; blank lines are left out."""
        for text in self.texts():
            yield lines_of(text)

    def _whole_lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self._blocks():
            end = block.rfind(b"\n")
            if end < 0:
                rest += block
                continue
            yield rest + block[:end]
            rest = block[end + 1 :]
        if rest:
            yield rest

    def _blocks(self) -> Iterator[bytes]:
        if self._path.suffix == ".zst":
            return _zstandard(self._disk)
        stream = gzip.GzipFile(fileobj=self._disk) if self._path.suffix == ".gz" else self._disk
        return iter(lambda: stream.read(BLOCK_BYTES), b"")


def _zstandard(disk: IO[bytes]) -> Iterator[bytes]:
    """Frame after frame. The library's own reader takes a file that ends inside a frame for one that is shorter."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while data := disk.read(_COMPRESSED_BYTES):
        while data:
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            begun = True
            yield frame.decompress(data)
            data = frame.unused_data if frame.eof else b""
    if begun and not frame.eof:
        raise EOFError("it ends inside a frame")


def lines_of(text: bytes) -> list[bytes]:
    """The lines of a text but for blank ones: empty, or of what JSON calls white space alone."""
    return [line for line in text.split(b"\n") if line.strip(b" \t\r")]


def _parquet(path: Path) -> Iterator[bytes]:
    """Rows as canonical JSON lines; ``properties`` and ``context`` are structs, maps, or JSON text."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise UnreadableFileError("Parquet needs pyarrow: pip install 'customer-triggers[parquet]'") from None
    try:
        file = parquet.ParquetFile(path)
        for batch in file.iter_batches():
            yield b"\n".join([orjson.dumps(_row(row), option=orjson.OPT_UTC_Z) for row in batch.to_pylist()])
    except (ValueError, OSError) as error:
        raise UnreadableFileError(f"not a Parquet file that can be read: {error}") from error


def _row(row: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in row.items() if value is not None}
    for name in ("properties", "context"):
        value = out.get(name)
        if isinstance(value, str | bytes):
            out[name] = orjson.Fragment(value)
        elif isinstance(value, dict):
            out[name] = {key: each for key, each in value.items() if each is not None}
        elif isinstance(value, list):
            out[name] = dict(value)
    return out
