"""Every code that the engine records, and every error class, is named by a test.

That it is provoked too is watched while the whole suite runs (`tests/provoked.py`); this says it sooner.
"""

import ast
from enum import Enum
from pathlib import Path

import pytest

from operators.runs import End
from tests.provoked import codes, error_classes

TESTS = Path(__file__).parents[1]
CODES = [code for code in codes() if not isinstance(code, End)]


def named() -> set[str]:
    """``Enum.MEMBER``, names and every literal text inside the test functions of the repository."""
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
                elif isinstance(node, ast.Name):
                    found.add(node.id)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


NAMED = named()


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{type(code).__name__}.{code.name}")
def test_every_code_has_a_test(code: Enum):
    assert f"{type(code).__name__}.{code.name}" in NAMED


@pytest.mark.parametrize("name", sorted(error_classes()))
def test_every_error_class_has_a_test(name: str):
    assert name in NAMED


@pytest.mark.parametrize("end", [code for code in codes() if isinstance(code, End)], ids=lambda end: end.name)
def test_every_end_of_a_match_is_counted_in_a_test(end: End):
    assert end.value in NAMED
