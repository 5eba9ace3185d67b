"""docs/semantics.md names the tests that prove it: each is there, and no file of cases is left out."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ABOUT_THE_TESTS = {"test_page.py", "test_runner.py"}


PAGE = (ROOT / "docs" / "semantics.md").read_text()


def named():
    names = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)`", PAGE)
    return {ROOT / name if "/" in name else HERE / name for name in names}


def test_every_test_the_page_names_is_there():
    assert [path.relative_to(ROOT) for path in sorted(named()) if not path.exists()] == []


def test_every_file_of_cases_is_named():
    cases = {path for path in HERE.glob("test_*.py") if path.name not in ABOUT_THE_TESTS}
    assert sorted(cases - named()) == []


def test_every_row_that_answers_a_question_names_a_test():
    tables = re.findall(r"^\| question \| answer \| test \|\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert len(tables) == 7
    assert [row for table in tables for row in table.splitlines() if not row.endswith(".py` |")] == []
