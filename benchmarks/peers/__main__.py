"""Ours and the peers, side by side in one run: `make bench-peers`, or

    python -m benchmarks.peers --events 1000000 --rounds 3 --contest cep --without "Flink CEP"

Entrants take turns (A B A B …), each in a process of its own; every answer is asserted against the
brute-force reference before a number of it is kept. Writes `benchmarks/results/peers-latest.json`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from operator import attrgetter
from pathlib import Path

import orjson

from benchmarks import report
from benchmarks.answers import Answer, assert_equal, read_answer
from benchmarks.cache import ROOT, cache_folder, workload_file
from benchmarks.child import run_child
from benchmarks.machine import machine_facts
from benchmarks.peers import end_to_end
from benchmarks.peers.contests import CONTESTS, OUT_OF_ORDERNESS_MS, Contest, Entrant
from benchmarks.peers.end_to_end import LiveEntrant
from benchmarks.peers.flink import FLINK
from benchmarks.peers.result import PeerResult
from benchmarks.peers.table import as_json, figures, show
from benchmarks.recipe import Workload

RESULTS = Path(__file__).parent.parent / "results"


def main() -> None:
    asked = _arguments()
    contests = [contest for contest in CONTESTS if asked.contest in (None, contest.name)]
    is_live = asked.contest in (None, end_to_end.NAME)
    entrants: list[Entrant | LiveEntrant] = [entrant for contest in contests for entrant in contest.entrants]
    entrants += end_to_end.ENTRANTS if is_live else ()
    wanted = {e.project for e in entrants if e.project is not None and e.name not in asked.without}
    projects = sorted(wanted, key=attrgetter("name"))
    for project in projects:
        project.build(version=asked.flink_version if project is FLINK else None)
    facts = machine_facts(seed=asked.seed)
    facts["peers"] = {artifact: version for p in projects for artifact, version in p.versions().items()}
    # Flink and Bytewax know no duplicate: two copies of a cart are two carts to them.
    workload = Workload(
        events=asked.events, seed=asked.seed, zipf=asked.zipf, disorder_ms=OUT_OF_ORDERNESS_MS, duplicates=0.0
    )
    found = [
        _hold(contest, present, workload, asked.rounds)
        for contest in contests
        if (present := [e for e in contest.entrants if e.name not in asked.without])
    ]
    if is_live:
        live = end_to_end.measure(workload, asked.rounds, asked.without)
        report.show(live)
        found.append(live.data)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    result = {"machine": facts, "contests": found}
    asked.out.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zipf", type=float, default=Workload.zipf)
    parser.add_argument("--contest", choices=[*(contest.name for contest in CONTESTS), end_to_end.NAME])
    parser.add_argument("--without", action="append", default=[], metavar="ENTRANT")
    parser.add_argument("--flink-version", help="another one than the pom's")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers-latest.json")
    return parser.parse_args()


def _hold(contest: Contest, entrants: list[Entrant], workload: Workload, rounds: int) -> dict[str, object]:
    """Runs the rounds, shows the table, and returns it for the result file. Raises WrongAnswerError."""
    count = min(workload.events, contest.max_events or workload.events)
    workload = replace(workload, events=count, **contest.traffic)  # type: ignore[arg-type]
    file = workload_file(workload)
    expected = _reference(contest, file)
    results: dict[str, list[PeerResult]] = {entrant.name: [] for entrant in entrants}
    for number in range(1, rounds + 1):
        for entrant in entrants:
            print(f"{contest.name}: round {number} of {rounds}, {entrant.name}", file=sys.stderr, flush=True)
            result = entrant.run(file, cache_folder() / f"answer-{contest.name}")
            assert_equal(result.answer, expected, who=entrant.name)
            results[entrant.name].append(result)
    rows = figures(workload.events, results, ours=contest.entrants[0].name)
    show(
        f"{contest.name}: {workload.events:,} events, {len(expected):,} matches, {contest.on_repeat},"
        f" median of {rounds}",
        rows,
    )
    return {
        "contest": contest.name,
        "on_repeat": contest.on_repeat,
        "workload": asdict(workload),
        "max_out_of_orderness_ms": OUT_OF_ORDERNESS_MS,
        "at_end": "flush",
        "figures": as_json(rows),
    }


def _reference(contest: Contest, events: Path) -> Answer:
    """In a process of its own: a million events here would be in the peak memory of every child after it."""
    out = cache_folder() / f"reference-{contest.name}"
    run_child(
        [
            sys.executable,
            *("-m", "benchmarks.reference", events, out),
            *("--on-repeat", contest.on_repeat, "--at-end", "flush"),
        ],
        cwd=ROOT,
    )
    return read_answer(out)


if __name__ == "__main__":
    main()
