"""Files of events as blocks of lines: JSON lines (plain, ``.gz``, ``.zst``) and Parquet."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import orjson
import zstandard

BLOCK_BYTES = 1024 * 1024


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

    def blocks(self) -> Iterator[list[bytes]]:
        """Lists of lines without their ends, in order; blank lines are left out."""
        with self._disk:
            try:
                yield from _parquet(self._path) if self._path.suffix == ".parquet" else self._lines()
            except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
                raise UnreadableFileError(f"cut short or damaged: {error}") from error

    def _lines(self) -> Iterator[list[bytes]]:
        stream = self._stream()
        rest = b""
        while block := stream.read(BLOCK_BYTES):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            # Blank lines are rare, and looking at every line for one is not free.
            yield lines if _has_no_blank(block) and lines and lines[0] else _filled(lines)
        yield _filled([rest])

    def _stream(self) -> IO[bytes]:
        if self._path.suffix == ".gz":
            return cast(IO[bytes], gzip.GzipFile(fileobj=self._disk))
        if self._path.suffix == ".zst":
            reader = zstandard.ZstdDecompressor().stream_reader(self._disk, read_across_frames=True)
            return cast(IO[bytes], io.BufferedReader(cast(Any, reader), BLOCK_BYTES))
        return self._disk


def _has_no_blank(block: bytes) -> bool:
    return b"\n\n" not in block and b"\n\r" not in block and not block.startswith((b"\n", b"\r"))


def _filled(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if line and line != b"\r"]


def _parquet(path: Path) -> Iterator[list[bytes]]:
    """Rows as canonical JSON lines; ``properties`` and ``context`` are structs, maps, or JSON text."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise UnreadableFileError("Parquet needs pyarrow: pip install 'customer-triggers[parquet]'") from None
    try:
        file = parquet.ParquetFile(path)
        for batch in file.iter_batches():
            yield [orjson.dumps(_row(row), option=orjson.OPT_UTC_Z) for row in batch.to_pylist()]
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
