"""Dead letters back onto the topics they came from, once.

    python -m flows.redrive --reason CODE[,CODE…] --since TIME [--until TIME] [--topic T] [--dry-run]
                            [--repair MODULE:FUNCTION] [--set PATH=VALUE] [--drop PATH]

Settings are those of the flows. Each message is first decoded as the flow would decode it now. The order of what makes
"once" true, whenever the process dies: (1) the producer's start ends any other run, (2) what a dead run had sent is
found by its headers and marked, (3) this run is noted with where the topics end, (4) messages are sent in transactions,
(5) each transaction's are marked when it is committed, (6) the run is noted as ended.
Proof: ``tests/integration/test_redrive.py``.
"""

from __future__ import annotations

import os
import shlex
import sys
import uuid
from collections.abc import Sequence
from typing import Final, cast

from confluent_kafka import Message

from config.errors import ConfigError, Problem, not_one_of
from config.settings import Settings, load_settings
from flows.loading import topic_decoders
from flows.redrive.judge import TOO_LARGE, Judge, Verdict
from flows.redrive.options import Options, read_options
from flows.redrive.report import Report
from operators.clock import system_time_us
from sinks.clickhouse.database import Database
from sinks.clickhouse.redrive import REDRIVEN_FROM, LetterId, Mark, RedriveLog, Selection
from sinks.errors import SinkError
from sinks.kafka.headers import headers_of
from sinks.kafka.reading import end_offsets, read_from
from sinks.kafka.sender import TransactionalSender
from sinks.retry import Retry

FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
_START_DEADLINE_S: Final = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = read_options(given, system_time_us())
    try:
        report = redrive(options, load_settings(dict(os.environ)), shlex.join(given))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except SinkError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted: the next run finds what this one has sent", file=sys.stderr)
        return INTERRUPTED
    print(report.text())
    return 0


def redrive(options: Options, settings: Settings, arguments: str) -> Report:
    """Raises ``ConfigError`` and ``SinkError``; what was sent before is marked, or found by the next run."""
    topics = _topics(options, settings)
    decoders = topic_decoders(settings)
    connection = settings.kafka.librdkafka()
    starts = end_offsets(connection, topics)
    partitions = {topic: sum(origin[0] == topic for origin in starts) for topic in topics}
    log = RedriveLog(Database.open(settings.clickhouse.url, Retry(deadline_s=_START_DEADLINE_S)))
    selection = Selection(
        options.reasons, topics, options.since_us // 1_000, options.until_us // 1_000, again=options.again
    )
    run = _Run(log, selection, Judge(decoders, partitions, options.repair), settings, options.dry_run)
    if options.dry_run:
        run.look()
    else:
        # One name for everything that reads these dead letters: two runs at once must know of each other.
        sender = TransactionalSender(connection, f"customer-triggers-redrive-{settings.dead_letter_topic}")
        run.recover(connection)
        run.send(sender, end_offsets(connection, topics), arguments)
    return run.report


class _Run:
    """One redrive on its way."""

    def __init__(self, log: RedriveLog, selection: Selection, judge: Judge, settings: Settings, is_dry: bool) -> None:
        self._log = log
        self._selection = selection
        self._judge = judge
        self.report = Report(settings.max_out_of_orderness_us, is_dry)

    def look(self) -> None:
        """Judges all that is selected, and sends nothing."""
        self.report.unfinished = len(self._log.unfinished())
        for letters in self._log.letters(self._selection):
            now_us = system_time_us()
            for letter in letters:
                self.report.take(self._judge(letter, now_us // 1_000), now_us)

    def recover(self, connection: dict[str, str | int | float | bool]) -> None:
        """Marks what runs that were cut have sent."""
        for run, starts in self._log.unfinished().items():
            marked = self._log.marked(starts)
            found = (mark for message in read_from(connection, starts) if (mark := _mark_of(message)) is not None)
            marks = [mark for mark in found if (mark.letter.topic, *mark[1:]) not in marked]
            self._log.mark(run, marks)
            self._log.end(run)
            self.report.recovered += len(marks)

    def send(self, sender: TransactionalSender, starts: dict[tuple[str, int], int], arguments: str) -> None:
        """Sends and marks, batch by batch."""
        run = uuid.uuid4().hex
        self._log.begin(run, starts, arguments)
        for letters in self._log.letters(self._selection):
            now_us = system_time_us()
            verdicts = [self._judge(letter, now_us // 1_000) for letter in letters]
            going = [(verdict, verdict.outgoing) for verdict in verdicts if verdict.outgoing is not None]
            places = sender.send([outgoing for _, outgoing in going]) if going else []
            sent = {verdict.letter.id: place for (verdict, _), place in zip(going, places, strict=True)}
            self._log.mark(run, [Mark(letter, *place) for letter, place in sent.items() if place is not None])
            for verdict in verdicts:
                if verdict.outgoing is not None and sent[verdict.letter.id] is None:
                    verdict = Verdict(verdict.letter, None, TOO_LARGE, f"{len(verdict.outgoing.value)} bytes")
                self.report.take(verdict, now_us)
        self._log.end(run)


def _mark_of(message: Message) -> Mark | None:
    """The mark of a message that a redrive sent; None of any other."""
    came_from = dict(headers_of(message)).get(REDRIVEN_FROM)
    letter = None if came_from is None else LetterId.read(came_from.decode("utf-8", "replace"))
    if letter is None:
        return None
    return Mark(letter, cast(int, message.partition()), cast(int, message.offset()))


def _topics(options: Options, settings: Settings) -> tuple[str, ...]:
    known = tuple(settings.topics)
    for topic in options.topics:
        if topic not in known:
            refused = not_one_of(topic, known, "is not an input topic")
            raise ConfigError(
                [Problem("options", None, None, "--topic", topic, refused.message, refused.allowed, refused.hint)]
            )
    return options.topics or known


if __name__ == "__main__":
    sys.exit(main())
