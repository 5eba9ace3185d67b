"""The policy's section of a snapshot: what waits, what was sent, marks; and what no window needs is not in it."""

import msgspec
import pytest

from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.policy.values import Ended
from operators.state import restore, snapshot
from tests.deciding import outcomes, rule
from tests.harness import Graph, Log, compiled, event, run
from tests.moments import START_US, us

TEXTS = [
    rule("caps: [{channel: email, max: 1, per: 2h}], cooldown: 1h", name="capped"),
    rule("quiet_hours: {from: 09:00, to: 13:00}", name="quiet", match="steps: [{event: b, as: b}]",
         rest="actions: [{channel: push, template: x, data: {v: $b.properties.v}}]"),
    rule("arbitration: 1h, priority: 2", name="held", match="fires: once\nsteps: [{event: c}]",
         rest="actions: [{channel: sms, template: x}, {channel: push, template: y, after: 1d}]"),
]  # fmt: skip
BEFORE = [event("a", "0s"), event("b", "1m", v={"deep": [1, 2.5, None]}), event("c", "2m"), event("x", "3m")]
AFTER = [event("a", "30m"), event("a", "90m"), event("c", "91m"), event("x", "9h")]


def fed(*events, texts=TEXTS):
    graph = Graph(compiled(*texts), 1, 0, None)
    log = Log(("events", 0), PartitionClock(0), list(events))
    graph.feed(log, (log.origin,), Decoder(), 1_000)
    (group,) = graph.groups.values()
    return group


def policy_of(group):
    return msgspec.msgpack.decode(snapshot(group)[1])["policy"]


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_a_restart_changes_nothing(every):
    straight = run(TEXTS, [*BEFORE, *AFTER], at_end="flush")
    assert outcomes(straight) == [
        "0s action", "1m deferred", "1m action", "2m action", "2m deferred", "2m action", "30m cooldown", "90m cap",
    ]  # fmt: skip
    again = run(TEXTS, [*BEFORE, *AFTER], at_end="flush", chunk_size=1, snapshot_every=every)
    assert again.lines() == straight.lines()


def test_it_holds_a_held_match_a_deferred_action_what_was_sent_and_the_marks():
    plain = policy_of(fed(*BEFORE))
    assert [match["trigger"] for match, *_ in plain["held"]] == ["held"]
    ((match, releases),) = plain["deferred"]
    assert (match["trigger"], match["data"]) == ("quiet", {"push": {"v": {"deep": [1, 2.5, None]}}})
    assert [action for action, _ in releases] == ["push"]
    ((recipient, (*sent, action_id)),) = plain["sent"]
    assert (recipient, sent, len(action_id)) == ("c1", [START_US, "email", None], 32)
    assert [place for place, _ in plain["cooldowns"]] == [["capped", "c1"]]
    assert plain["fired"] == []
    assert [place for place, _ in policy_of(fed(*BEFORE, event("x", "2h")))["fired"]] == [["held", "c1", None]]


def test_a_snapshot_of_a_resumed_group_is_the_same():
    group = fed(*BEFORE)
    group.policy.waiting.end(Ended(next(iter(group.policy.waiting.held)), "sms", START_US + us("10m")))
    stored = snapshot(group)
    resumed = fed()
    restore(resumed, stored)
    assert snapshot(resumed) == stored


def test_what_no_window_needs_is_dropped():
    assert policy_of(fed(*BEFORE, event("x", "2h-1ms")))["sent"] != []
    plain = policy_of(fed(*BEFORE, event("x", "3d")))
    assert [plain[part] for part in ("held", "deferred", "ends", "sent", "cooldowns", "contest")] == [[]] * 6
    assert len(plain["fired"]) == 1  # once is for ever


def test_in_a_long_run_what_is_over_is_let_go_without_a_snapshot():
    events = [event("a", f"{n}m", customer=f"c{n}") for n in range(5_000)]
    group = fed(*events, texts=TEXTS[:1])
    assert group.policy.reached.sent.count < 2_500
    assert len(group.policy.reached.cooldowns.by_place) < 2_500
    hot = fed(*[event("a", f"{n}m", id=str(n)) for n in range(0, 100_000, 61)], texts=[TEXTS[0].replace("2h", "5m")])
    assert hot.policy.reached.sent.count < 1_100


def test_what_waits_of_a_removed_trigger_or_action_is_let_go_and_counted():
    stored = snapshot(fed(*BEFORE))
    fewer = fed(texts=[TEXTS[0]])
    restore(fewer, stored)
    assert fewer.tally.labels("state_dropped") == {"held": 1, "quiet": 1}
    other = fed(texts=[TEXTS[1].replace("channel: push", "channel: fax")])
    restore(other, stored)
    assert other.tally.of("state_dropped", "quiet") == 1


def test_what_waits_outlives_a_reworded_trigger_and_is_decided_by_its_present_policy():
    stored = snapshot(fed(*BEFORE))
    reworded = fed(texts=[TEXTS[1].replace("quiet_hours", "consent: marketing, quiet_hours")])
    restore(reworded, stored)
    (decision,) = reworded.policy.receive([], START_US + us("9h"))
    assert (decision.trigger, decision.reason) == ("quiet", "consent_unknown")
