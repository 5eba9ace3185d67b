"""Triggers run over events through Bytewax, as ``flows.backtest`` does: what ``tests.harness`` runs in process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from config.common_policy import SHIPPED as SHIPPED_POLICY
from flows.backtest import Backtest
from flows.backtest import run as run_backtest
from flows.backtest_report import Summary
from tests.harness import SHIPPED, TOPIC, Item, us


@dataclass(frozen=True)
class FlowResult:
    """What a backtest wrote and counted."""

    lines: bytes
    summary: Summary

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.lines.splitlines()]


def run_flow(
    triggers: str | Sequence[str],
    events: Iterable[Item],
    folder: Path,
    *,
    with_expired: bool = True,
    **asked: Any,
) -> FlowResult:
    """The same through Bytewax: ``run_files`` over a file in ``folder``, ``asked`` as there."""
    paths = []
    for i, text in enumerate([triggers] if isinstance(triggers, str) else triggers):
        paths.append(folder / f"trigger{i}.yaml")
        paths[-1].write_text(text)
    # Named as the topic of ``run``, so that the evidence is the same.
    file = folder / TOPIC
    file.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in events))
    return run_files(paths, file, folder / "out.jsonl", with_expired=with_expired, **asked)


def run_files(
    triggers: Sequence[Path],
    events: Path,
    out: Path,
    *,
    workers: int = 1,
    readers: int | None = None,
    chunk_size: int | None = None,
    max_out_of_orderness: str = "0s",
    at_end: Any = "hold",
    with_expired: bool = False,
    policy: Path = SHIPPED_POLICY,
    traits: Path = SHIPPED / "traits",
) -> FlowResult:
    """``flows.backtest`` over files that are there."""
    asked = Backtest(
        triggers=tuple(triggers),
        events=events,
        out=out,
        readers=readers,
        chunk_size=chunk_size,
        max_out_of_orderness_us=us(max_out_of_orderness),
        at_end=at_end,
        with_expired=with_expired,
        policy=policy,
        traits=traits,
    )
    summary = run_backtest(asked, workers=workers)
    return FlowResult(out.read_bytes(), summary)
