"""What the command refuses, and what it says is allowed."""

from functools import partial

import pytest

from config.settings import Settings
from flows.redrive import __main__ as command
from flows.redrive.options import read_options
from operators.reasons import DeadReason
from sinks.kafka.reading import end_offsets

NOW_US = 1_767_600_000_000_000
CODES = ", ".join(reason.value for reason in DeadReason)
TIME = "ISO 8601 with an offset, e.g. 2026-01-05T10:00:00Z, or how long ago, e.g. 36h"
GIVEN = ["--reason", "malformed_json", "--since", "2h"]


def test_times_are_of_the_clock_or_so_long_ago():
    options = read_options(
        ["--reason", "malformed_json", "--since", "2h", "--until", "2026-01-05T09:00:00+01:00"], NOW_US
    )
    assert options.since_us == NOW_US - 7_200_000_000
    assert options.until_us == 1_767_600_000_000_000


def test_reasons_may_be_a_list_or_several_options_and_count_once():
    given = ["--reason", "malformed_json,empty_message", "--reason", "malformed_json", "--since", "1d"]
    assert read_options(given, NOW_US).reasons == ("malformed_json", "empty_message")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--reason", "malformd", "--since", "2h"],
            f"'malformd' is not a reason of a dead letter; allowed: {CODES}; did you mean malformed_json?",
        ),
        (
            ["--reason", "malformed_json,late", "--since", "2h"],
            f"'malformed_json,late' names 'late', which is not a reason of a dead letter; allowed: {CODES}",
        ),
        (["--reason", "malformed_json", "--since", "yesterday"], f"'yesterday' is not a time; allowed: {TIME}"),
        (
            ["--reason", "malformed_json", "--since", "2 hours"],
            f"'2 hours' is not a time; allowed: {TIME}; did you mean 2h?",
        ),
        (
            ["--reason", "malformed_json", "--since", "2026-01-05T10:00:00"],
            f"'2026-01-05T10:00:00' has no offset from UTC; allowed: {TIME}; did you mean 2026-01-05T10:00:00Z?",
        ),
        ([*GIVEN, "--until", "3h"], "--since is not before --until"),
        ([*GIVEN, "--set", "a.b"], "'a.b' has no =; allowed: path=value, e.g. properties.currency=EUR"),
        ([*GIVEN, "--drop", "a..b"], "'a..b' is not a path; allowed: names with dots between, e.g. properties.cur"),
        (
            [*GIVEN, "--repair", "json"],
            "'json' does not name a function; allowed: module:function, e.g. repairs:add_currency",
        ),
        ([*GIVEN, "--repair", "no.such:function"], "cannot be imported: No module named 'no'"),
        ([*GIVEN, "--repair", "json:__all__"], "is not a function; allowed: a function that takes bytes"),
        (["--reason", "malformed_json"], "the following arguments are required: --since"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_ends_with_status_2_and_what_is_allowed(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        read_options(arguments, NOW_US)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_topic_that_is_none_of_the_inputs_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(command, "load_settings", lambda environment: Settings())
    assert command.main([*GIVEN, "--topic", "event"]) == command.BAD_INPUT
    assert capsys.readouterr().err == (
        'options: --topic: "event" is not an input topic; allowed: events; did you mean events?\n'
    )


def test_a_kafka_that_does_not_answer_ends_it_with_a_message(monkeypatch, capsys):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr(command, "end_offsets", partial(end_offsets, timeout_s=0.5))
    assert command.main(GIVEN) == command.FAILED
    assert "Kafka at 127.0.0.1:1 cannot be read" in capsys.readouterr().err
