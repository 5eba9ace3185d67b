"""Values of ours as JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_bytes(value: Any) -> bytes:
    """UTF-8 JSON of plain values. Any integer and any text that a JSON reader can have given us can be written."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson refuses integers beyond 64 bits and half surrogates; one odd order number must not stop a dataflow.
        return json.dumps(value, separators=(",", ":")).encode("ascii")
