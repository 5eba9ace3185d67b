"""Every code that the engine records is named by a test that provokes it."""

import ast
from enum import StrEnum
from pathlib import Path

import pytest

from operators.reasons import DeadReason, Fate, Outcome, SuppressReason

TESTS = Path(__file__).parents[1]
CODES = [code for codes in (DeadReason, Fate, Outcome, SuppressReason) for code in codes]


def named() -> set[str]:
    """``Enum.MEMBER`` and every literal text inside the test functions of the repository."""
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if path == Path(__file__):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    found.add(f"{node.value.id}.{node.attr}")
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


NAMED = named()


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{type(code).__name__}.{code.name}")
def test_every_code_has_a_test(code: StrEnum):
    assert f"{type(code).__name__}.{code.name}" in NAMED
