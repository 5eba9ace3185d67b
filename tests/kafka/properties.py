"""How a test broker is configured, whatever starts it."""

from tests.loopback_port import LOOPBACK

# A broker that was killed is let in again only when the controller has given up its old session: with Kafka's
# own 9 s a start after `kill` took 12.3 s, with this one 3.4 s.
_SESSION_TIMEOUT_MS = 2_000
_HEARTBEAT_INTERVAL_MS = 300


def broker_properties(*, bind_address: str, port: int, controller_port: int, log_dirs: str) -> dict[str, str]:
    """The properties of a single node that is broker and controller, answers quickly, and invents no topic.

    Clients are always told `127.0.0.1:port`; `bind_address` differs from it only inside a container.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"BROKER://{bind_address}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": log_dirs,
        "auto.create.topics.enable": "false",
        "broker.heartbeat.interval.ms": str(_HEARTBEAT_INTERVAL_MS),
        "broker.session.timeout.ms": str(_SESSION_TIMEOUT_MS),
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
    }
