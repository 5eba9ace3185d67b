"""A broker that goes away: the dataflow stops before the epoch closes, or goes on if the broker comes back in time."""

import threading
import time

import pytest
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSource, run_main

from flows.actions_tail import ActionsTail
from sinks.errors import DeliveryFailed
from sinks.kafka.actions import ActionsSink, Opening
from sinks.kafka.producer import ConfirmedProducer
from sinks.kafka.transactions import TransactionalProducer
from tests.kafka.topics import create_topic
from tests.kafka_server import KafkaServer
from tests.unit.sinks.samples import BASE_US, decision

pytestmark = pytest.mark.integration


def test_a_dead_broker_stops_the_dataflow(kafka_server: KafkaServer) -> None:
    """The stock sink ends normally here, and the messages are gone."""
    config = {"bootstrap.servers": kafka_server.bootstrap_servers}
    create_topic(kafka_server.bootstrap_servers, "dead-broker", partitions=1)
    kafka_server.kill()
    flow = Dataflow("actions")
    stream = op.input("in", flow, TestingSource([("00", Opening(None)), ("00", decision(1))]))
    op.output(
        "out", stream, ActionsSink(config, "dead-broker", application="test", now_us=lambda: BASE_US, deadline_s=2.0)
    )
    with pytest.raises(DeliveryFailed, match="does not begin transactions of test-dead-broker-"):
        run_main(flow)


def test_the_first_failure_is_raised_by_every_later_call(kafka_server: KafkaServer) -> None:
    create_topic(kafka_server.bootstrap_servers, "latched", partitions=1)
    sink = ActionsSink(
        {"bootstrap.servers": kafka_server.bootstrap_servers},
        "latched",
        application="test",
        now_us=lambda: BASE_US,
        deadline_s=2.0,
    )
    partition = sink.build_part("out", "00", None)
    partition.write_batch([Opening(None), decision(1)])
    partition.snapshot()
    kafka_server.kill()
    partition.write_batch([decision(2)])
    with pytest.raises(DeliveryFailed):
        partition.snapshot()
    kafka_server.start()
    for call in (partition.snapshot, lambda: partition.write_batch([decision(3)])):
        with pytest.raises(DeliveryFailed, match="start the job again"):
            call()


def test_while_nobody_says_where_the_actions_end_the_last_answer_stays(
    kafka_server: KafkaServer, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"bootstrap.servers": kafka_server.bootstrap_servers}
    create_topic(kafka_server.bootstrap_servers, "unheard", partitions=1)
    producer = TransactionalProducer(config, "unheard", "unheard-00")
    producer.write(b"x", key=None, headers=[])
    producer.flush()
    producer.close()
    tail = ActionsTail(config, "unheard", "test").build_part("tail", "tail", None)
    while not tail.next_batch()[0].complete:
        pass
    state = tail.snapshot()
    assert state[2] == {0: 2}, "after the message and the end of its transaction"
    kafka_server.kill()
    deadline_s = time.monotonic() + 30
    while "where unheard ends is not known" not in caplog.text:
        assert time.monotonic() < deadline_s, "the thread that asks says so"
        time.sleep(0.05)
    assert tail.snapshot() == state
    tail.close()


def test_a_broker_that_comes_back_in_time_gets_everything(kafka_server: KafkaServer) -> None:
    create_topic(kafka_server.bootstrap_servers, "restarted", partitions=1)
    producer = ConfirmedProducer({"bootstrap.servers": kafka_server.bootstrap_servers}, "restarted", deadline_s=60.0)
    producer.write(b"before", key=None, headers=[])
    producer.flush()
    kafka_server.kill()
    producer.write(b"during", key=None, headers=[])
    flushing = threading.Thread(target=producer.flush)
    flushing.start()
    kafka_server.start()
    flushing.join(60)
    assert not flushing.is_alive()
    producer.flush()
