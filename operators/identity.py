"""Identity of matches and actions: hashes of what they are made of, so the same input gives the same ids.

Every part is prefixed with its length, so that no two lists of parts hash the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

DIGEST_BYTES = 16


def identity(parts: Iterable[str]) -> str:
    """A hash of an ordered list of texts, 32 hexadecimal digits."""
    texts = [part.encode("utf-8", "surrogatepass") for part in parts]
    return blake2b(b"".join([b"%d:%b" % (len(text), text) for text in texts]), digest_size=DIGEST_BYTES).hexdigest()
