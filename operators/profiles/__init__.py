"""A customer's profile as of a time: attributes that events set, and traits worked out over events.

``attributes`` and ``aggregates`` are the two kinds of value, ``profile`` is one customer's, ``store`` holds those of a
key group, ``kept`` says what of them anything reads, ``stored`` is their format in the recovery store.
"""

from operators.profiles.kept import PROFILE_TYPES, Kept
from operators.profiles.store import Profiles

__all__ = ["PROFILE_TYPES", "Kept", "Profiles"]
