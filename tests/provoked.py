"""What a run of the whole suite must have provoked: every reason code and every error class of the project.

Naming one in a test proves little; so it is watched, in this process, while the tests run. At the end of a run of
everything (no paths, no -k, nothing skipped, nothing failed) whatever never came up fails the run. `--provoked` tells
it of any run. Where several processes share the tests (pytest-xdist), each hands what it saw to the one that started
them, which judges all of it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Sequence
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from operators.decode import Messages
from operators.reasons import DeadReason, Fate, Outcome, SuppressReason
from operators.runs import End
from operators.tally import Tally

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "operators", "sinks", "flows")
_SEEN: set[str] = set()
_DESELECTED: set[str] = set()


def codes() -> list[Enum]:
    """Every code that an input, a match or an action can be recorded with; what is `CLOSED` had its end before."""
    found: list[Enum] = [code for kind in (DeadReason, Fate, Outcome, SuppressReason, End) for code in kind]
    return [code for code in found if code is not End.CLOSED]


def error_classes() -> dict[str, str]:
    """The exceptions of the project that its code makes (a mere base class is not), by name; the module of each."""
    trees = {path: ast.parse(path.read_text()) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    bases = {
        node.name: (path, [ast.unparse(base) for base in node.bases])
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    made = {
        node.func.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    def is_error(name: str) -> bool:
        known = bases.get(name)
        return any(map(is_error, known[1])) if known else name.endswith(("Error", "Exception")) or name == "SystemExit"

    return {
        name: ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name, (path, _) in sorted(bases.items())
        if name in made and is_error(name)
    }


def not_provoked() -> list[str]:
    """What has not come up so far: in this process, and in those that have handed over what they saw."""
    wanted = [f"{type(code).__name__}.{code.name}" for code in codes()] + list(error_classes())
    return [name for name in wanted if name not in _SEEN]


def watch() -> None:
    """Notes from here on which errors are made, which letters written, and what is counted."""
    for name, module in error_classes().items():
        kind = getattr(importlib.import_module(module), name)
        _noting(kind, "__init__", lambda made, *_, **__: {type(made).__name__})
    _noting(Messages, "dead", lambda _, __, reason, ___: {f"DeadReason.{DeadReason(reason).name}", "Fate.DEAD_LETTER"})
    _noting(Tally, "add", lambda _, what, *__, **___: _BY_COUNT.get(what, ()))


def _noting(kind: type, method: str, seen: Callable[..., Any]) -> None:
    original = getattr(kind, method)

    @wraps(original)
    def noting(*arguments: Any, **named: Any) -> Any:
        _SEEN.update(seen(*arguments, **named))
        return original(*arguments, **named)

    setattr(kind, method, noting)


def _by_count() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code in [*Fate, *Outcome, *End]:
        found[code.value] = (*found.get(code.value, ()), f"{type(code).__name__}.{code.name}")
    for reason in SuppressReason:
        found[f"{Outcome.SUPPRESSED}/{reason}"] = (f"SuppressReason.{reason.name}", "Outcome.SUPPRESSED")
    return found


_BY_COUNT = _by_count()
"""What a tally counts it as, for each code. An end and an outcome may share a word: `expired`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--provoked", action="store_true", help="say which codes and errors this run did not provoke")


def pytest_configure(config: pytest.Config) -> None:
    watch()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    _DESELECTED.update(item.nodeid for item in items)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    handed_over: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed_over is not None:
        handed_over.update(provoked=sorted(_SEEN), deselected=sorted(_DESELECTED))
        return
    if exitstatus == pytest.ExitCode.OK and _is_whole(session.config) and not_provoked():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of pytest-xdist saw. One that died hands over nothing, and its test has failed."""
    handed_over = getattr(node, "workeroutput", {})
    _SEEN.update(handed_over.get("provoked", ()))
    _DESELECTED.update(handed_over.get("deselected", ()))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if config.getoption("--provoked") or _is_whole(config):
        missing = not_provoked()
        if missing:
            terminalreporter.section("never provoked by a test")
            terminalreporter.line(", ".join(missing))


def _is_whole(config: pytest.Config) -> bool:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    unproved = reporter is None or any(reporter.stats.get(kind) for kind in ("skipped", "failed", "error"))
    cut = config.option.collectonly or _DESELECTED or unproved
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not cut
