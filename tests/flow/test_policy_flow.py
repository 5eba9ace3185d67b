"""The policy as a user meets it: ``python -m flows.backtest`` with trigger files and a policy file."""

import json

import orjson
import pytest

from flows.backtest import main
from operators.reasons import Outcome, SuppressReason
from tests.backtests import run_flow
from tests.deciding import rule
from tests.harness import event, run, trigger

TRIGGERS = [
    rule("consent: marketing", name="asks_consent", match="steps: [{event: a}]"),
    rule("recipient: properties.friend", name="asks_friend", match="steps: [{event: a}]"),
    rule("where: {$customer.tier: {eq: gold}}", name="asks_tier", match="steps: [{event: a}]"),
    rule("holdout: 100%", name="holds_out", match="steps: [{event: a}]"),
    rule("max_age: 1h", name="is_fresh", match="steps: [{event: late}]"),
    rule("cooldown: 1d", name="cools", match="steps: [{event: b}]"),
    rule("caps: [{channel: push, max: 1, per: day}]", name="capped", match="steps: [{event: c}]",
         rest="actions: [{channel: push, template: x}]"),
    rule("quiet_hours: {from: 12:00, to: 14:00, then: drop}", name="is_quiet", match="steps: [{event: d}]"),
    rule("quiet_hours: {from: 12:00, to: 14:00}", name="waits", match="steps: [{event: d}]",
         rest="actions: [{channel: sms, template: x}]"),
    rule("priority: 1", name="yields", match="steps: [{event: e}]"),
    rule("priority: 2", name="wins", match="steps: [{event: e}]"),
]  # fmt: skip
VIEWED = trigger(
    "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 30d}]",
    name="viewed",
    rest="policy: {recipient: $v.customer_id, caps: [{channel: email, max: 1, per: 1h}]}",
)
EVENTS = [
    event("a", "0s"), event("b", "1m"), event("b", "2m"), event("c", "3m"), event("c", "4m"), event("e", "5m"),
    event("view", "6m", p="p1"), event("view", "7m", p="p2"), event("view", "7m", p="p1", customer="c2"),
    event("price", "8m", p="p1", customer="shop"), event("price", "9m", p="p2", customer="shop"),
    event("d", "3h"), event("late", "90m"), event("x", "4h15m1s"),
]  # fmt: skip
EXPECTED = {
    ("asks_consent", "suppressed", SuppressReason.CONSENT_UNKNOWN): 1,
    ("asks_friend", "suppressed", SuppressReason.RECIPIENT_UNRESOLVED): 1,
    ("asks_tier", "suppressed", SuppressReason.WHERE): 1,
    ("holds_out", "suppressed", SuppressReason.HOLDOUT): 1,
    ("is_fresh", "suppressed", SuppressReason.STALE): 1,
    ("cools", "action", None): 1,
    ("cools", "suppressed", SuppressReason.COOLDOWN): 1,
    ("capped", "action", None): 1,
    ("capped", "suppressed", SuppressReason.CAP): 1,
    ("is_quiet", "suppressed", SuppressReason.QUIET_HOURS): 1,
    ("waits", Outcome.DEFERRED, None): 1,
    ("waits", "action", None): 1,
    ("yields", "suppressed", SuppressReason.PRIORITY): 1,
    ("wins", "action", None): 1,
}


def counted(rows):
    counts = {}
    for row in rows:
        what = (row["trigger"], row["outcome"], row["reason"])
        counts[what] = counts.get(what, 0) + 1
    return counts


def test_every_reason_is_in_the_rows_and_in_the_summary(tmp_path):
    flow = run_flow(TRIGGERS, EVENTS, tmp_path)
    assert counted(flow.rows) == EXPECTED
    assert flow.summary.suppressed == {
        reason: count for (_, _, reason), count in EXPECTED.items() if reason is not None
    }
    assert (flow.summary.deferred, sum(flow.summary.actions.values())) == (1, 4)
    text = flow.summary.as_text().splitlines()
    assert text[-2] == "sent 4, deferred 1"
    assert text[-1].startswith("held back: cap 1, consent_unknown 1, cooldown 1, holdout 1, priority 1, quiet_hours 1")


@pytest.mark.parametrize(
    ("workers", "readers", "chunk_size"),
    [(1, 0, 1), (1, 0, 4), (1, 1, 4), (1, 0, 100), (2, 0, 1), (2, 0, 100), (2, 1, 4)],
)
@pytest.mark.parametrize("at_end", ["hold", "flush"])
def test_in_two_hops_any_number_of_workers_writes_what_the_parts_say(workers, readers, chunk_size, at_end, tmp_path):
    texts = [*TRIGGERS, VIEWED]
    flow = run_flow(texts, EVENTS, tmp_path, workers=workers, readers=readers, chunk_size=chunk_size, at_end=at_end)
    assert flow.lines == run(texts, EVENTS, at_end=at_end).lines()
    # c1 was mailed twice within the hour before: by what cools and by what wins.
    hop = {("viewed", "suppressed", "cap"): 2, ("viewed", "action", None): 1}
    assert counted(flow.rows) == EXPECTED | hop
    assert sum(flow.summary.suppressed.values()) == 11


def test_in_one_hop_two_workers_write_what_one_writes(tmp_path):
    flow = run_flow(TRIGGERS, EVENTS, tmp_path, workers=2, chunk_size=3)
    assert flow.lines == run(TRIGGERS, EVENTS).lines()


def written(folder, policy, *texts):
    """The arguments of the command over these files."""
    for i, text in enumerate(texts):
        (folder / f"{i}.yaml").write_text(text)
    (folder / "events.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in EVENTS))
    (folder / "policy").mkdir(exist_ok=True)
    (folder / "policy" / "mine.yaml").write_text(policy)
    return ["--triggers", str(folder), "--events", str(folder / "events.jsonl"), "--summary", "json",
            "--policy", str(folder / "policy" / "mine.yaml")]  # fmt: skip


def test_the_command_takes_a_policy_file(tmp_path, capsys):
    options = written(tmp_path, "caps: [{channel: email, max: 1, per: day}]", rule(match="steps: [{event: b}]"))
    assert main(options) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["actions"], summary["suppressed"]) == ({"t": 1}, {"cap": 1})


def test_a_consent_that_the_policy_file_does_not_declare_ends_the_command_with_its_line(tmp_path, capsys):
    options = written(tmp_path, "consent: [marketing]", rule("consent: marketin"))
    assert main(options) == 2
    assert capsys.readouterr().err == (
        f'{tmp_path}/0.yaml:5: policy.consent: "marketin" is not a consent of the policy file; allowed: marketing; '
        "did you mean marketing?\n"
    )


def test_a_policy_file_that_is_not_there_ends_the_command(tmp_path, capsys):
    options = [*written(tmp_path, "", rule())[:-1], str(tmp_path / "nowhere.yaml")]
    assert main(options) == 2
    assert "nowhere.yaml: cannot be read" in capsys.readouterr().err
