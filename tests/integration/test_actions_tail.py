"""The tail of the actions topic on a real broker: what is found, from where, and what is passed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from flows.actions_tail import STATE, ActionsTail, TailPartition
from operators.records import Decision
from operators.state import StateFormatError
from sinks.errors import DeliveryFailed, DeliveryRefused, TakenOver
from sinks.kafka.action_message import action_headers, action_key, render_action
from sinks.kafka.actions import ActionsSink, Opening, part_of
from sinks.kafka.incarnations import fence
from sinks.kafka.topic_ends import NO_ID
from sinks.kafka.transactions import TransactionalProducer
from tests.kafka.topics import TopicFactory
from tests.unit.sinks.samples import BASE_US, decision

pytestmark = pytest.mark.integration

JOB = "shop"


class Job:
    """Runs of one job on one topic."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.config = {"bootstrap.servers": kafka}
        self.topic = topic
        self.tails: list[TailPartition] = []

    def send(self, *numbers: int) -> None:
        """A run that sends these."""
        sink = ActionsSink(self.config, self.topic, application=JOB, now_us=lambda: BASE_US)
        parts = []
        for number in numbers:
            each = decision(number, recipient=f"c{number}")
            parts.append(sink.build_part("out", part_of(each.recipient), None))
            parts[-1].write_batch([Opening(None), each])
        for part in parts:
            part.snapshot()
            part.close()

    def tail(self, state: object = None) -> TailPartition:
        source = ActionsTail(self.config, self.topic, JOB)
        self.tally = source.tally
        self.tails.append(source.build_part("tail", "tail", state))  # type: ignore[arg-type]
        return self.tails[-1]

    def close(self) -> None:
        """Whoever still asks Kafka asks no more."""
        for part in self.tails:
            part.close()

    def found(self, state: object = None) -> list[int]:
        """The numbers of the actions that a new run finds."""
        part = self.tail(state)
        found = [int(each.action_id, 16) for each in read_all(part)]
        self.state = part.snapshot()
        part.close()
        return sorted(found)


def read_all(part: TailPartition) -> Iterator[Decision]:
    complete = False
    deadline_s = time.monotonic() + 30
    while not complete:
        assert time.monotonic() < deadline_s, "the tail came to no end"
        for piece in part.next_batch():
            assert not complete, "nothing comes after the last"
            yield from piece.sent
            complete = piece.complete


@pytest.fixture
def job(kafka: str, topic: TopicFactory) -> Iterator[Job]:
    found = Job(kafka, topic(partitions=3))
    yield found
    found.close()


def raw(job: Job, values: Sequence[bytes], headers: Sequence[tuple[str, bytes]]) -> None:
    producer = Producer(job.config)
    for value in values:
        producer.produce(job.topic, value, partition=0, headers=list(headers))
    assert producer.flush(10) == 0


def test_without_a_state_everything_is_found_and_from_then_on_what_is_new(job: Job) -> None:
    job.send(*range(1, 21))
    assert job.found() == list(range(1, 21))
    assert job.found(job.state) == []
    job.send(21, 22)
    assert job.found(job.state) == [21, 22]
    assert job.tally.of("tail_read") == 2
    assert job.state[0] == STATE


def test_an_epoch_that_closes_later_stores_what_was_sent_since(job: Job) -> None:
    """Within a second or so, and nobody waits for it."""
    job.send(1)
    part = job.tail()
    assert [int(each.action_id, 16) for each in read_all(part)] == [1]
    before = part.snapshot()
    job.send(2)
    deadline_s = time.monotonic() + 30
    while part.snapshot() == before:
        assert time.monotonic() < deadline_s, "Kafka is asked again and again"
        time.sleep(0.02)
    state = part.snapshot()
    part.close()
    assert job.found(state) == []


def test_what_it_gives_is_the_decision_that_was_sent(job: Job) -> None:
    job.send(7)
    (found,) = read_all(job.tail())
    sent = decision(7, recipient="c7")
    sent.sent_before = True
    assert found == sent


def test_a_state_of_the_middle_of_the_tail_is_where_the_next_run_goes_on(job: Job) -> None:
    job.send(1, 2, 3)
    part = job.tail()
    assert part.snapshot() == (STATE, NO_ID, {}), "nothing was read: all of it is still to come"
    while not (first := part.next_batch()[0]).sent:
        assert not first.complete
    so_far = {int(each.action_id, 16) for each in first.sent}
    state = part.snapshot()
    part.close()
    assert so_far | set(job.found(state)) == {1, 2, 3}
    assert not so_far & set(job.found(state))


def test_what_is_not_ours_or_no_action_is_passed_over_and_counted(job: Job) -> None:
    raw(job, [b"{}", b"\xff", b""], [("application", JOB.encode())])
    raw(job, [render_action(decision(1), BASE_US)], [("application", b"another")])
    raw(job, [render_action(decision(2), BASE_US)], [])
    job.send(3)
    assert job.found() == [3]
    assert (job.tally.of("tail_unreadable"), job.tally.of("tail_of_others")) == (3, 2)


def test_a_state_of_another_topic_of_that_name_is_of_no_use(job: Job) -> None:
    job.send(1, 2)
    job.found()
    format_, _, offsets = job.state
    assert job.found((format_, "the id of the one before", offsets)) == [1, 2]


def test_what_retention_took_is_not_waited_for(job: Job) -> None:
    job.send(*range(1, 10))
    admin = AdminClient(job.config)
    ends = [TopicPartition(job.topic, partition, -1) for partition in range(3)]
    for each in admin.delete_records(ends).values():
        each.result(timeout=10)
    assert job.found() == []
    job.send(10)
    assert job.found((STATE, job.state[1], dict.fromkeys(range(3), 1))) == [10]


def test_a_state_behind_the_end_reads_from_the_earliest(job: Job) -> None:
    job.send(1)
    job.found()
    assert job.found((STATE, job.state[1], dict.fromkeys(range(3), 1_000))) == [1]


def test_a_topic_that_does_not_exist_holds_nothing(kafka: str) -> None:
    assert Job(kafka, "is-not-there").found() == []


def test_what_another_job_has_open_is_waited_for(job: Job) -> None:
    """Behind it committed messages of ours may lie, which nobody can read yet."""
    other = Producer({**job.config, "transactional.id": f"other-{job.topic}", "log_level": 0})
    other.init_transactions(30)
    other.begin_transaction()
    for partition in range(3):
        other.produce(job.topic, b"open", partition=partition)
    assert other.flush(10) == 0
    job.send(1, 2, 3)
    part, found = job.tail(), []
    begun_s = time.monotonic()
    while time.monotonic() < begun_s + 1.5:
        (piece,) = part.next_batch()
        assert (piece.sent, piece.complete) == ([], False)
    committing = threading.Thread(target=other.commit_transaction, args=(30,))
    committing.start()
    found = [int(each.action_id, 16) for each in read_all(part)]
    committing.join()
    assert sorted(found) == [1, 2, 3]


def test_a_topic_that_grows_is_read_whole(job: Job) -> None:
    job.send(1)
    job.found()
    admin = AdminClient(job.config)
    admin.create_partitions([NewPartitions(job.topic, 5)])[job.topic].result(timeout=10)
    raw_part = Producer(job.config)
    each = decision(2)
    raw_part.produce(
        job.topic, render_action(each, BASE_US), action_key(each), partition=4, headers=list(action_headers(each, JOB))
    )
    assert raw_part.flush(10) == 0
    assert job.found(job.state) == [2]


def test_whose_id_is_fenced_is_told_that_another_run_has_taken_over(job: Job) -> None:
    producer = TransactionalProducer(job.config, job.topic, "old")
    producer.write(b"x", key=None, headers=[])
    producer.flush()
    fence(job.config, ["old", "other"])
    producer.write(b"y", key=None, headers=[])
    for call in (producer.flush, producer.flush, lambda: producer.write(b"z", key=None, headers=[])):
        with pytest.raises(TakenOver, match=r"Another run of this job has taken over \(transactional id old\)"):
            call()
    producer.close()


def test_a_run_that_another_began_to_replace_before_its_first_action_sends_none(job: Job) -> None:
    """Both have looked at what was sent, and neither knows of the other's."""
    (first,) = fence(job.config, ["contested"])
    (second,) = fence(job.config, ["contested"])
    for each in (first, second):
        with pytest.raises(TakenOver, match="transactional id contested"):
            TransactionalProducer(job.config, job.topic, "contested", after=each)
    (third,) = fence(job.config, ["contested"])
    producer = TransactionalProducer(job.config, job.topic, "contested", after=third)
    producer.write(b"x", key=None, headers=[])
    producer.flush()
    producer.close()


def test_an_action_without_an_opening_closes_no_epoch(job: Job) -> None:
    sink = ActionsSink(job.config, job.topic, application=JOB, now_us=lambda: BASE_US)
    part = sink.build_part("out", "00", None)
    part.write_batch([decision(1)])
    with pytest.raises(ValueError, match="1 actions came, and no opening of 00"):
        part.snapshot()


def test_messages_share_transactions_and_flush_waits_for_all(job: Job) -> None:
    producer = TransactionalProducer(job.config, job.topic, "many")
    for number in range(25_000):
        producer.write(b"%d" % number, key=b"%d" % (number % 100), headers=[])
    producer.flush()
    producer.close()
    assert job.found() == []
    assert job.tally.of("tail_of_others") == 25_000


def test_a_message_that_is_refused_fails_its_transaction_with_the_reason(kafka: str, topic: TopicFactory) -> None:
    name = topic(config={"max.message.bytes": "1000"})
    producer = TransactionalProducer({"bootstrap.servers": kafka, "compression.type": "none"}, name, "refused")
    producer.write(b"x" * 5_000, key=None, headers=[])
    with pytest.raises(DeliveryFailed, match=r"[Mm]essage size too large.*start the job again"):
        producer.flush()
    producer.close()


def test_a_state_of_another_format_is_refused(job: Job) -> None:
    with pytest.raises(StateFormatError, match="customer-triggers/actions-tail/9"):
        job.tail(("customer-triggers/actions-tail/9", "", {}))


def test_a_broker_that_does_not_answer_is_said_so() -> None:
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1:9 does not begin transactions of gone"):
        fence({"bootstrap.servers": "127.0.0.1:9", "log_level": 0}, ["gone"], deadline_s=1.0)


def test_a_refused_configuration_shows_no_password() -> None:
    with pytest.raises(DeliveryRefused, match="Correct it") as caught:
        fence({"bootstrap.servers": "b:1", "sasl.passwort": "hunter2"}, ["x"])
    assert "hunter2" not in str(caught.value)
