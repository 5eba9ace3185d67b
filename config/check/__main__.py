"""`python -m config.check PATH…`: checks trigger files. Ends with 0 when they load, with 2 when one does not."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.check.checked import check
from config.check.report import Paint, report
from config.language.schema import trigger_schema

_CONFIG: Final = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status; prints the report, or with `--schema` the JSON Schema of a trigger file."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.schema:
        print(json.dumps(trigger_schema(), indent=2))
        return 0
    if not chosen.paths:
        parser.error("name a trigger file or a folder of them")
    checked = check(chosen.paths, events=chosen.events, policy=chosen.policy or _standard_policy())
    paint = Paint(coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    for line in report(checked, paint, quiet=chosen.quiet):
        print(line)
    return 2 if checked.problems else 0


def _standard_policy() -> Path | None:
    """The policy for everybody that stands beside the triggers, where there is one."""
    path = _CONFIG / "policy.yaml"
    return path if path.exists() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m config.check",
        description="Checks trigger files: errors, warnings, and what each trigger means and keeps.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="a trigger file, or a folder of *.yaml")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a trigger file, for editors")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="the policy for everybody (config/policy.yaml)")
    parser.add_argument(
        "--events", metavar="FOLDER", type=Path, default=_CONFIG / "events", help="event schemas (config/events)"
    )
    parser.add_argument("--quiet", action="store_true", help="errors and warnings only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
