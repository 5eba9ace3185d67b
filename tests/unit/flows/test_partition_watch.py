"""New partitions are noticed, whatever Kafka answers in between."""

import threading
from collections.abc import Iterator

from flows.kafka_topics import SourceError
from flows.partition_watch import PartitionWatch
from tests.waiting import wait_until

KNOWN = [("events", 0), ("events", 1)]


class Answers:
    """Kafka's answers one after the other, the last one again and again."""

    def __init__(self, *answers: list[tuple[str, int]] | Exception) -> None:
        self._answers: Iterator[list[tuple[str, int]] | Exception] = iter(answers)
        self._last = answers[-1]
        self.asked = 0

    def __call__(self) -> list[tuple[str, int]]:
        self.asked += 1
        answer = next(self._answers, self._last)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_is_new_is_named_and_no_answer_is_waited_out() -> None:
    watch = PartitionWatch(Answers(KNOWN, SourceError("away"), KeyError("odd"), [*KNOWN, ("events", 2)]), 0.001)
    watch.enter(KNOWN)
    wait_until(lambda: watch.found, what="the new partition")
    assert watch.found is not None
    assert watch.found.startswith("new partitions: events/2. ")
    watch.leave()


def test_fewer_partitions_are_no_reason_to_start_again() -> None:
    answers = Answers(KNOWN[:1])
    watch = PartitionWatch(answers, 0.001)
    watch.enter(KNOWN)
    wait_until(lambda: answers.asked > 3, what="some answers")
    assert watch.found is None
    watch.leave()


def test_nobody_asks_after_the_last_has_left_and_again_when_one_enters() -> None:
    answers = Answers(KNOWN)
    watch = PartitionWatch(answers, 0.001)
    for _ in range(2):
        watch.enter(KNOWN)
        watch.enter(KNOWN)
        watch.leave()
        asked = answers.asked
        wait_until(lambda: answers.asked > asked, what="an answer")  # noqa: B023
        watch.leave()
        wait_until(lambda: not asking(), what="the thread's end")


def asking() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "partition-watch"]
