"""One case, and the matches that several pages of them share."""

import pytest

ABSENT = "steps: [{event: a}, {absent: b, within: 30m}]"
IDLE = "steps: [{event: a}, {idle: 30m}]"
CLICKS = "steps: [{event: a, times: 3, within: 10m}]"


def case(match, log, *lines, id=None, **options):
    return pytest.param(match, log, list(lines), options, id=id)
