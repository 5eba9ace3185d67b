"""`python -m config.check`: what it prints and how it ends."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from checking import trigger_text

from config.language.schema import trigger_schema

ROOT = Path(__file__).parents[4]
TEN_MISTAKES = Path(__file__).with_name("ten_mistakes.yaml")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "config.check", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def write(folder: Path, name: str, match: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(trigger_text(match, name=name), encoding="utf-8")
    return path


def test_a_good_trigger_is_read_aloud_with_what_it_keeps(tmp_path):
    path = write(tmp_path, "waits", "steps: [{event: a}, {event: b}]")
    done = run(path)
    assert (
        done.stdout
        == f"""\
warning: {path}:4: match.steps[1]: waits for ever for a b; within: T on it or on match [unbounded-match]

waits (version 1), {path}
  fires for a customer once this has happened: an a; then a b
  a new a starts it again
  asks for the consent marketing
  sends reminder by email
  keeps for a customer at most:
    1 open match of 2 events, about 423 bytes, for ever
    unbounded: match.steps[1] waits for ever for a b; the way out: within: T on it or on match

1 good trigger, 0 errors, 1 warning
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_end_with_2_and_do_not_hide_what_is_to_be_said_of_the_others(tmp_path):
    good = write(tmp_path, "good", "steps: [{event: a}]")
    done = run(TEN_MISTAKES, good)
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert sum(line.startswith(f"error: {TEN_MISTAKES}:") for line in lines) == 10
    assert f"good (version 1), {good}" in lines
    assert "  keeps nothing" in lines
    assert lines[-1] == "1 good trigger, 10 errors, 0 warnings"


def test_quiet_says_only_what_is_wrong(tmp_path):
    path = write(tmp_path, "t", "steps: [{event: a}, {absent: b, within: 30s}]")
    lines = run("--quiet", path).stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["warning", "1 good trigger, 0 errors, 1 warning"]


def test_the_shipped_triggers_are_without_errors_and_the_report_is_stable():
    first, second = run("config/triggers"), run("config/triggers")
    assert first.returncode == 0
    assert first.stdout == second.stdout
    assert "\x1b" not in first.stdout


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours(tmp_path, environment, coloured):
    path = write(tmp_path, "t", "steps: [{event: a}, {wait: 1s}]")
    master, slave = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "config.check", str(path)],
        cwd=ROOT,
        stdout=slave,
        env={key: value for key, value in os.environ.items() if key != "NO_COLOR"} | environment,
        check=True,
        timeout=60,
    )
    os.close(slave)
    with open(master, "rb") as terminal:
        assert (b"\x1b[1;33mwarning:\x1b[0m" in terminal.read1(10_000)) is coloured


def test_the_schema_is_written_as_json():
    done = run("--schema")
    assert (done.returncode, json.loads(done.stdout)) == (0, trigger_schema())


def test_a_policy_and_event_schemas_of_ones_own_are_read(tmp_path):
    events = tmp_path / "events"
    events.mkdir()
    (events / "a.yaml").write_text("event: a\nproperties: {x: {type: string}}\n", encoding="utf-8")
    policy = tmp_path / "policy.yaml"
    path = write(tmp_path, "t", "steps: [{event: a, where: {properties.x: {gt: 5}}}, {at: 09:00}]")
    for text, codes in (
        ("consent: [marketing]", ["no-timezone", "property-type"]),
        ("consent: [marketing]\ndefault_timezone: Europe/Oslo", ["property-type"]),
    ):
        policy.write_text(text, encoding="utf-8")
        *warnings, _ = run("--quiet", path, "--events", events, "--policy", policy).stdout.splitlines()
        assert [line.rpartition("[")[2].rstrip("]") for line in warnings] == codes


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("policy.yaml", "default_timezone: Oslo\n", 'policy.yaml:1: default_timezone: "Oslo" is not a timezone'),
        (
            "policy.yaml",
            "default_timezone: $customer.timezone\n",
            '"$customer.timezone" is not a timezone',
        ),
        ("policy.yaml", "[\n", "is not YAML"),
        ("events/a.yaml", "event: a\nproperties: {x: {type: text}}\n", "a.yaml:2: properties.x.type"),
    ],
)
def test_a_mistake_beside_the_triggers_is_an_error_too(tmp_path, file, text, message):
    (tmp_path / "events").mkdir()
    (tmp_path / "policy.yaml").write_text("{}", encoding="utf-8")
    (tmp_path / file).write_text(text, encoding="utf-8")
    path = write(tmp_path, "t", "steps: [{event: a}]")
    done = run("--quiet", path, "--events", tmp_path / "events", "--policy", tmp_path / "policy.yaml")
    assert done.returncode == 2
    assert message in done.stdout


def test_a_folder_without_triggers_is_an_error(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 2
    assert f"error: {tmp_path}: holds no trigger; allowed: a folder of *.yaml files" in done.stdout


def test_nothing_to_check_is_said_to_be_so():
    done = run()
    assert done.returncode == 2
    assert "name a trigger file or a folder of them" in done.stderr


def test_a_consent_that_the_policy_file_does_not_have_is_an_error(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("consent: [newsletter]\n", encoding="utf-8")
    path = write(tmp_path, "t", "steps: [{event: a}]")
    done = run("--quiet", path, "--policy", policy)
    assert done.returncode == 2
    assert 'policy.consent: "marketing" is not a consent of the policy file; allowed: newsletter' in done.stdout
