"""A trigger in plain language: what it waits for, when it fires, whom it tells what. Pure text, nothing is run.

`reading_of` gives sentences without a full stop: the first says when the trigger fires, each other adds one thing.
"""

from config.reading.trigger import reading_of

__all__ = ["reading_of"]
