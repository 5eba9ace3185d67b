"""Identity of matches and actions: hashes of what they are made of, so the same input gives the same ids.

Every part is prefixed with its length, so that no two lists of parts hash the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

DIGEST_BYTES = 16


def identity(parts: Iterable[str]) -> str:
    """A hash of an ordered list of texts, 32 hexadecimal digits."""
    parts = list(parts)
    # Of ASCII, which nearly all of it is, the lengths in characters are those in bytes.
    text = "".join([f"{len(part)}:{part}" for part in parts])
    if text.isascii():
        data = text.encode()
    else:
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        data = b"".join([b"%d:%b" % (len(part), part) for part in encoded])
    return blake2b(data, digest_size=DIGEST_BYTES).hexdigest()
