"""The migration files as they are read."""

import re

import pytest

from sinks.clickhouse.client import read_url
from sinks.clickhouse.migrate import read_migrations, split_statements
from sinks.errors import BadAddress


def test_versions_follow_each_other_from_one() -> None:
    assert [migration.version for migration in read_migrations()] == list(range(1, len(read_migrations()) + 1))


@pytest.mark.parametrize("statement", [s for migration in read_migrations() for s in migration.statements])
def test_every_statement_can_be_run_again(statement: str) -> None:
    repeatable = r"(CREATE \w+|ALTER TABLE \w+ (ADD|DROP) \w+) IF (NOT )?EXISTS |ALTER TABLE \w+ MODIFY SETTING "
    assert re.match(repeatable, statement)


def test_a_file_is_split_at_semicolons_that_end_a_line() -> None:
    assert split_statements("-- a; b\nSELECT ';x'\n;\nSELECT 2;\n\n-- end\n") == ("SELECT ';x'", "SELECT 2")


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(BadAddress) as caught:
        read_url("http://job:hunter2/x@db:nine/default")
    assert "hunter2" not in str(caught.value)
    assert "http://user:pass@host:8123/database" in str(caught.value)
