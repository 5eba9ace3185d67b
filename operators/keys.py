"""Keys and key groups: which bucket a key falls into, and what the buckets are called.

A key group is one Bytewax key. Bytewax places keys on workers by its own hash of their text (SipHash-1-3 with a zero
key, modulo the number of workers), so groups are named such that every usual number of workers gets an even share.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from itertools import count
from zlib import crc32

MASK = (1 << 64) - 1
EVEN_FOR = 24
"""Worker counts that divide this get even shares: 1, 2, 3, 4, 6, 8, 12, 24."""
TOGETHER_FOR = 240
"""With worker counts that divide this a group and its cold keys are at one worker: also with 5, 10, 15, 16, 20, …"""

PROFILES = "c"
MATCHES = "m"
"""Kinds of cold state: what their keys begin with."""
GROUPS = "g"
"""What is neither: the groups themselves."""
BUCKETS = 16
"""Of a kind, a group has so many. Part of their formats: what is stored under one key is one bucket."""


def key_group_of(key: str, key_groups: int) -> int:
    """The bucket of a key, the same in every process and release: CRC-32 of its UTF-8, modulo the bucket count."""
    return crc32(key.encode("utf-8", "surrogatepass")) % key_groups


def bucket_of(text: str) -> int:
    """The bucket of its group that a customer or an owner falls into, by other bits of the CRC-32 than the group."""
    return (crc32(text.encode("utf-8", "surrogatepass")) >> 16) % BUCKETS


@cache
def group_names(key_groups: int) -> tuple[str, ...]:
    """The Bytewax key of each group, ``"<group>.<salt>"``, salted so that its hash spreads evenly over workers."""
    return tuple(_named(group) for group in range(key_groups))


@cache
def cold_names(key_groups: int, kind: str) -> tuple[tuple[str, ...], ...]:
    """By key group, the Bytewax keys of one kind of its cold state, ``"<kind><number>"``.

    Bytewax gives them to the worker of the group itself wherever the number of workers divides ``TOGETHER_FOR``.
    Numbers are dealt out to the groups that still need a name of that hash: some five hashes a name, where a salt
    for each would take ``TOGETHER_FOR``.
    """
    waiting: dict[int, deque[int]] = {}
    for group, name in enumerate(group_names(key_groups)):
        waiting.setdefault(worker_of(name, TOGETHER_FOR), deque()).extend([group] * BUCKETS)
    names: list[list[str]] = [[] for _ in range(key_groups)]
    for number in count():
        if not waiting:
            break
        name = f"{kind}{number}"
        place = worker_of(name, TOGETHER_FOR)
        if place in waiting:
            names[waiting[place].popleft()].append(name)
            if not waiting[place]:
                del waiting[place]
    return tuple(map(tuple, names))


def group_of_name(name: str) -> int:
    """The group that ``group_names`` gave this name."""
    return int(name.partition(".")[0])


def worker_of(name: str, workers: int) -> int:
    """The worker that Bytewax gives a key to."""
    return _siphash13(name.encode() + b"\xff") % workers


def _named(group: int) -> str:
    salt = 0
    while _siphash13(f"{group}.{salt}".encode() + b"\xff") % EVEN_FOR != group % EVEN_FOR:
        salt += 1
    return f"{group}.{salt}"


def _siphash13(data: bytes) -> int:
    """SipHash-1-3 with key (0, 0): what Rust's ``DefaultHasher`` computes (Aumasson, Bernstein: SipHash, 2012)."""
    v = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]
    tail = len(data) % 8
    whole = len(data) - tail
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, whole, 8)]
    words.append(int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56)
    for word in words:
        v[3] ^= word
        _round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(3):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _round(v: list[int]) -> None:
    a, b, c, d = v
    a = (a + b) & MASK
    b = _rotate(b, 13) ^ a
    a = _rotate(a, 32)
    c = (c + d) & MASK
    d = _rotate(d, 16) ^ c
    a = (a + d) & MASK
    d = _rotate(d, 21) ^ a
    c = (c + b) & MASK
    b = _rotate(b, 17) ^ c
    c = _rotate(c, 32)
    v[:] = a, b, c, d


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & MASK
