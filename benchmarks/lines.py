"""Columns of events as canonical JSON lines: the one place that knows what a generated event looks like.

{"event_id":"…","type":"cart_add","customer_id":"c1","event_time":"2026-01-05T10:00:00.120Z","session_id":"s1",
 "properties":{"product_id":"p1","price":19.90,"quantity":1},"context":{"user_agent":"…"}}
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
import zstandard

TYPES = ("page_view", "product_view", "cart_add", "purchase")
PAGE_VIEW, PRODUCT_VIEW, CART_ADD, PURCHASE = range(len(TYPES))

BLOCK = 50_000
"""Rows formatted at once: enough to make numpy's share cheap, little enough to stay small in memory."""

SESSION_MS = 30 * 60_000

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 " * 80


@dataclass(frozen=True)
class Columns:
    """Events as parallel arrays, in order of arrival. Where the type is page_view, `products` is a page."""

    ids: npt.NDArray[np.uint64]
    types: npt.NDArray[np.int64]
    customers: npt.NDArray[np.int64]
    times_ms: npt.NDArray[np.int64]
    products: npt.NDArray[np.int64]


def write_lines(columns: Columns, out: Path, *, payload_bytes: int) -> None:
    """Writes one line an event; `.gz` and `.zst` compress.

    A line has `payload_bytes` with its newline, or more where its fields alone are longer.
    """
    with _opened(out) as file:
        for block in lines(columns, payload_bytes=payload_bytes):
            file.write(block.encode("ascii"))


def lines(columns: Columns, *, payload_bytes: int) -> Iterator[str]:
    """The lines, `BLOCK` at a time in one string, each with its newline."""
    properties = _properties(int(columns.products.max(initial=0)) + 1)
    for start in range(0, len(columns.ids), BLOCK):
        part = slice(start, start + BLOCK)
        times = np.datetime_as_string(columns.times_ms[part].astype("datetime64[ms]"), unit="ms")
        sessions = columns.times_ms[part] // SESSION_MS
        rows = zip(
            columns.ids[part].tolist(),
            columns.types[part].tolist(),
            columns.customers[part].tolist(),
            times.tolist(),
            sessions.tolist(),
            columns.products[part].tolist(),
            strict=True,
        )
        formatted: list[str] = []
        for number, type_index, customer, time, session, product in rows:
            event_id = f"{number:016x}"
            text = properties[type_index][product]
            if type_index == PURCHASE:
                text = f'"order_id":"o-{event_id}",{text}'
            head = (
                f'{{"event_id":"{event_id}","type":"{TYPES[type_index]}","customer_id":"c{customer}",'
                f'"event_time":"{time}Z","session_id":"s{customer}-{session}",'
                f'"properties":{{{text}}},"context":{{'
            )
            filling = payload_bytes - len(head) - 18
            formatted.append(f'{head}"user_agent":"{AGENT[:filling]}"}}}}\n' if filling > 0 else f"{head}}}}}\n")
        yield "".join(formatted)


def _properties(count: int) -> tuple[list[str], list[str], list[str], list[str]]:
    """By type, the text within `properties` for each product (for page_view: each page)."""
    pages, viewed, added, bought = [], [], [], []
    for number in range(count):
        price = f"{5 + number * 37 % 195}.{number * 7 % 100:02d}"
        product = f'"product_id":"p{number}","price":{price}'
        pages.append(f'"page_path":"/category/{number}"')
        viewed.append(product)
        added.append(f'{product},"quantity":1')
        bought.append(f'"total":{price},"products":[{{{product},"quantity":1}}]')
    return pages, viewed, added, bought


@contextmanager
def _opened(out: Path) -> Iterator[BinaryIO]:
    if out.suffix == ".gz":
        with gzip.open(out, "wb", compresslevel=1) as file:
            yield cast(BinaryIO, file)
    elif out.suffix == ".zst":
        with zstandard.open(out, "wb") as file:
            yield cast(BinaryIO, file)
    else:
        with out.open("wb") as file:
            yield file
