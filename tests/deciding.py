"""What tests of the policy share: triggers with a policy, profiles, and decisions as short text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from config.common_policy import CommonPolicy
from operators.profile_reader import ProfileReader
from operators.reasons import Outcome
from operators.records import Decision
from tests.harness import Result, trigger
from tests.moments import START_US, since_start


def rule(policy: str = "", *, name: str = "t", match: str = "steps: [{event: a, as: a}]", rest: str = "") -> str:
    """A trigger of one event ``a`` with a policy."""
    return trigger(match, name=name, rest=f"policy: {{{policy}}}\n{rest}")


def after_utc(time: str) -> str:
    """A UTC time as a span since the start of the test: ``after_utc("2026-03-29T01:00")``."""
    moment = datetime.fromisoformat(time).replace(tzinfo=UTC)
    return f"{round(moment.timestamp() * 1_000) - START_US // 1_000}ms"


def utc(time_us: int) -> str:
    """``2026-03-29T01:00:00`` with milliseconds only where there are some."""
    text = datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="milliseconds")[:-6]
    return text.removesuffix(".000")


def known(**customers: Mapping[str, Any]) -> ProfileReader:
    """Profiles that never change."""
    return lambda customer_id, time_us: customers.get(customer_id)


def common(**written: Any) -> CommonPolicy:
    """A policy file's content."""
    return CommonPolicy.model_validate(written)


def outcomes(found: Result) -> list[str]:
    """``"10m action"``, ``"10m cap"``: each decision in the backtest's order, by its reason where it has one."""
    return [f"{since_start(each.event_time_us)} {each.reason or each.outcome}" for each in found.decisions]


def released(found: Result) -> list[Decision]:
    """The second row of each action that was deferred."""
    waited = {each.action_id for each in found.decisions if each.outcome == Outcome.DEFERRED}
    return [each for each in found.decisions if each.action_id in waited and each.outcome != Outcome.DEFERRED]
