"""What can go wrong at the edges, and the one question each error answers: may it pass by itself?

    Exception
    └── SinkError
        ├── TransientSinkError            may pass: a network cut, a busy or restarting server. Only these are retried
        └── TerminalSinkError             will not pass: stops the dataflow before the epoch closes
            ├── BadAddress                the URL cannot be read
            ├── AuthenticationFailed      wrong user or password, or a right the account lacks
            ├── SchemaError               a table, column or database is missing, or newer than this code
            ├── RowsRefused               the server read the rows and will not have them
            ├── RetriesExhausted          transient, but for longer than the deadline
            ├── DeliveryFailed            a Kafka message that was not confirmed
            │   └── DeliveryRefused       and never will: a right, a password, a setting
            ├── TakenOver                 another run of this job sends its actions now
            ├── SpoolUnreadable           rows wait on the spool and cannot be read from it
            ├── EmbeddedMissing           chDB is not installed
            └── EmbeddedInUse             another process, or another path in this one, holds the embedded engine

What nobody has thought of is terminal. A message ends in what to do, and never holds a password.
"""

from __future__ import annotations


class SinkError(Exception):
    """Something outside did not do what it was asked to."""


class TransientSinkError(SinkError):
    """May pass by itself; ``sinks.retry`` tries again until its deadline.

    Whether the work was done all the same may be unknown: who retries must be able to do it twice.
    """


class TerminalSinkError(SinkError):
    """Will not pass by itself: somebody has to change something."""


class BadAddress(TerminalSinkError):
    """The URL of a sink cannot be read."""


class AuthenticationFailed(TerminalSinkError):
    """The server knows us not, or allows us not."""


class SchemaError(TerminalSinkError):
    """The database does not hold what this code expects."""


class RowsRefused(TerminalSinkError):
    """The server read the rows and could not make values of them."""


class RetriesExhausted(TerminalSinkError):
    """A transient failure outlasted its deadline; the last one is the cause."""


class DeliveryFailed(TerminalSinkError):
    """Kafka did not confirm a message."""


class DeliveryRefused(DeliveryFailed):
    """Kafka will not take what we send until somebody changes something."""


class TakenOver(TerminalSinkError):
    """Another run of this job uses its transactional ids."""


class SpoolUnreadable(TerminalSinkError):
    """Rows wait on the spool, and Kafka or what stands there does not let them be read."""


class EmbeddedMissing(TerminalSinkError):
    """An embedded database is asked for and chDB is not installed."""


class EmbeddedInUse(TerminalSinkError):
    """The embedded engine serves one process, and in it one path."""
