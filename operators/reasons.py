"""Every reason code the engine records, in one place. Each has a test that provokes it."""

from __future__ import annotations

from enum import StrEnum


class DeadReason(StrEnum):
    """Why a message never became an event."""

    EMPTY_MESSAGE = "empty_message"
    """A tombstone or an empty value."""
    MESSAGE_TOO_LARGE = "message_too_large"
    MALFORMED_JSON = "malformed_json"
    """Not JSON, not UTF-8, nested too deep, or with a number that no double holds."""
    UNKNOWN_ENVELOPE = "unknown_envelope"
    """JSON, but not of the shape its topic's envelope asks for."""
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    """A field of another type, or outside what is allowed."""
    INVALID_EVENT_TIME = "invalid_event_time"
    """No ISO 8601 with an offset and no epoch milliseconds of the years 1 to 9999."""
    MISSING_CUSTOMER = "missing_customer"
    """No customer id, and the type's schema does not allow that."""
    SCHEMA_VIOLATION = "schema_violation"
    """The properties break the schema that ``config/events`` declares for the type."""
    FUTURE_EVENT_TIME = "future_event_time"
    """Further ahead of its Kafka record's own time than ``max_future_skew``."""


class Fate(StrEnum):
    """What became of one message; the counters of these add up to what was read."""

    DEAD_LETTER = "dead_letter"
    DUPLICATE = "duplicate"
    LATE = "late"
    MATCHED = "matched"
    """On time, and handed to every trigger that listens."""


class Outcome(StrEnum):
    """What became of an action."""

    ACTION = "action"
    SUPPRESSED = "suppressed"
    DEFERRED = "deferred"
    EXPIRED = "expired"


class SuppressReason(StrEnum):
    """Why an action was held back."""

    RECIPIENT_UNRESOLVED = "recipient_unresolved"
    """The path of the trigger's recipient is not in what it captured."""
    EXITED = "exited"
    """While it waited, an event fitted the match's ``exit`` or the action's ``unless``."""
    STALE = "stale"
    """Older than ``max_age``: a late event's match, or at the sink by the clock on the wall."""
    TOO_LARGE = "too_large"
    """The message would be larger than Kafka takes: what it captured is, as its evidence shows."""
    CONSENT = "consent"
    """The profile says no to what the trigger asks consent for."""
    CONSENT_UNKNOWN = "consent_unknown"
    """The profile says neither yes nor no, or there is none."""
    WHERE = "where"
    """``policy.where`` does not hold, or nobody knows."""
    HOLDOUT = "holdout"
    """The recipient is among the share that is not reached, so that the others can be compared with it."""
    COOLDOWN = "cooldown"
    CAP = "cap"
    QUIET_HOURS = "quiet_hours"
    """``then: drop``."""
    PRIORITY = "priority"
    """An action of higher priority goes to the same recipient within ``arbitration``."""
