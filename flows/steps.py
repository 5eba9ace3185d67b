"""The ids of the steps of every flow. They are recovery keys: a renamed step would silently start empty."""

from __future__ import annotations

from typing import Final

SOURCE: Final = "source"
DETECT: Final = "detect"
IDENTITY: Final = "identity"
DECIDE: Final = "decide"
OUTPUTS: Final = "outputs"
ACTIONS: Final = "actions"
DECISIONS: Final = "decisions"
LATE: Final = "late"
ARCHIVE: Final = "archive"
DEAD_LETTERS: Final = "dead_letters"
