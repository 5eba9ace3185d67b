"""Where a topic ended a moment ago: answers, none, and answers again."""

from __future__ import annotations

import threading

import pytest

from sinks.kafka.topic_ends import LastEnds, TopicEnds

FIRST = TopicEnds("id", {0: 1})
PATIENCE_S = 30.0


class Broker:
    """Answers what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.may_answer = threading.Semaphore(0)
        self.asked = threading.Semaphore(0)
        self.answer: TopicEnds | Exception = FIRST
        self.times = 0

    def ends(self) -> TopicEnds:
        self.asked.release()
        assert self.may_answer.acquire(timeout=PATIENCE_S)
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def answers(self, answer: TopicEnds | Exception) -> None:
        """Returns when this has been answered and the next question is there."""
        self.answer = answer
        self.may_answer.release()
        assert self.asked.acquire(timeout=PATIENCE_S)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def ends(broker: Broker) -> LastEnds:
    asking = LastEnds("actions", FIRST, broker.ends, again_s=0.0)
    assert broker.asked.acquire(timeout=PATIENCE_S)
    return asking


def closed(ends: LastEnds, broker: Broker) -> None:
    closing = threading.Thread(target=ends.close)
    closing.start()
    assert closing.is_alive(), "a question is open"
    broker.may_answer.release()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()


def test_the_first_stands_until_there_is_an_answer(broker: Broker, ends: LastEnds) -> None:
    assert ends.last is FIRST
    broker.answers(TopicEnds("id", {0: 5}))
    assert ends.last == TopicEnds("id", {0: 5})
    closed(ends, broker)


def test_without_answers_the_last_stays_and_that_is_said_once_each_time(
    broker: Broker, ends: LastEnds, caplog: pytest.LogCaptureFixture
) -> None:
    broker.answers(TopicEnds("id", {0: 5}))
    for _ in range(3):
        broker.answers(OSError("away"))
    assert ends.last == TopicEnds("id", {0: 5})
    broker.answers(TopicEnds("another", {0: 2}))
    assert ends.last == TopicEnds("another", {0: 2}), "the topic was made anew"
    broker.answers(OSError("away again"))
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "where actions ends is not known (away); the last answer stays",
        "where actions ends is known again",
        "where actions ends is not known (away again); the last answer stays",
    ]
    closed(ends, broker)


def test_nobody_is_asked_after_the_end(broker: Broker, ends: LastEnds) -> None:
    closed(ends, broker)
    times = broker.times
    assert not broker.asked.acquire(timeout=0.05)
    assert broker.times == times
