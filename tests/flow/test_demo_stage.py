"""The demo where it cannot run: it says why, and what to do."""

import os
from pathlib import Path

import pytest

from flows.demo.afternoon import Afternoon
from flows.demo.job_process import JobEnded, JobProcess
from flows.demo.stage import StageError, set_stage
from tests.waiting import wait_until


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CT_") or name.endswith(("_SERVERS", "HOUSE_URL"))]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_no_settings")
def test_a_second_demo_in_the_folder_is_refused(tmp_path: Path) -> None:
    second = set_stage(tmp_path)
    with set_stage(tmp_path), pytest.raises(StageError, match=rf"another demo runs in {tmp_path}: wait"):
        second.__enter__()


@pytest.mark.usefixtures("_no_settings")
def test_a_job_that_has_ended_is_told_with_what_it_said(tmp_path: Path) -> None:
    """Nobody has made its topic."""
    with set_stage(tmp_path) as stage, JobProcess(stage, Afternoon.lasting(60)) as job:
        wait_until(lambda: has_ended(job), what="the end of a job without a topic")
        said = rf"the job ended with status 2; {stage.log} ends in:\ntopic 'events' cannot be read at"
        with pytest.raises(JobEnded, match=said):
            job.end()


def has_ended(job: JobProcess) -> bool:
    try:
        job.check()
    except JobEnded:
        return True
    return False
