"""The running system, and the hands that break it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flows.exit_status import ExitStatus
from tests.chaos.schedule import SCALES, Fault, Kind
from tests.chaos.traffic import MAX_OUT_OF_ORDERNESS, PARTITIONS, TOPIC_CONFIG
from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_site import Site
from tests.integration.recovery_store import RecoveryStore
from tests.integration.supervised_flow import SupervisedFlow
from tests.kafka_server import KafkaServer

_INSERTS: Final = r"(?i)^\s*insert into\b"
_SETTLED_WITHIN_S: Final = 180.0
_PRICE_DROP_SOON: Final = """
trigger: price_drop_soon
version: 1
match:
  key: properties.product_id
  per: customer_id
  steps:
    - {event: product_view, as: viewed}
    - {event: price_changed, as: drop, within: 15m, where: {properties.price: {lt: $viewed.properties.price}}}
policy:
  recipient: $viewed.customer_id
  consent: marketing
  cooldown: 24h
  quiet_hours: {from: 21:00, to: 08:00, then: defer}
  caps: [{channel: email, max: 3, per: 7d}]
actions:
  - {channel: email, template: price-drop, data: {now: $drop.properties.price}}
"""
"""Its recipients are other keys than its matches': a second hop, as theirs."""
_SHIPPED: Final = Path(__file__).parents[2] / "config" / "triggers"
# Quick to start again, for that is what is looked at; and never tired of it.
_PATIENCE: Final = ("--backoff", "100ms", "--longest-backoff", "1s", "--healthy-after", "1s", "--failures", "1000")


class Arena:
    """Kafka, ClickHouse and the supervised flow. Start it from the main thread, with which the broker dies."""

    def __init__(self, folder: Path) -> None:
        self.kafka = KafkaServer(folder / "kafka").start()
        self.gateway = ClickHouseGateway(folder / "clickhouse" / "data").start()
        self.site = Site(
            self.kafka.bootstrap_servers, self.gateway.url, folder / "site", partitions=PARTITIONS, config=TOPIC_CONFIG
        )
        self.site.settings |= {
            "CT_MAX_OUT_OF_ORDERNESS": MAX_OUT_OF_ORDERNESS,
            "CT_METADATA_INTERVAL": "1h",
        }
        for file in _SHIPPED.glob("*.yaml"):
            self.site.trigger(file.read_text(), file.stem)
        self.site.trigger(_PRICE_DROP_SOON, "price_drop_soon")
        self.store = folder / "store"
        self.flow = self._start(SCALES[0])
        self.starts = 0
        """Of sets of processes, under all supervisors that are gone."""

    def close(self) -> None:
        """Ends everything, whatever state it is in."""
        self.flow.kill()
        self.gateway.kill()
        self.kafka.kill()

    @property
    def all_starts(self) -> int:
        """How many sets of processes were started."""
        return self.starts + len(self.flow.lives)

    def wait_until(self, condition: Callable[[], object], what: str, within_s: float = _SETTLED_WITHIN_S) -> None:
        """As the flow's: raises when its supervisor has ended."""
        self.flow.wait_until(condition, what=what, within_s=within_s)

    def wait_until_kept(self) -> None:
        """Returns when all that the flow has done by now is in its store."""
        RecoveryStore(self.store).wait_until_kept(self.flow)

    def strike(self, fault: Fault) -> None:
        """Returns when it is over, and what it brought down is up again or on its way."""
        match fault.kind:
            case Kind.KILL_ONE:
                self._kill_one(fault)
            case Kind.KILL_ALL:
                self._killed(lambda: [self._kill(index) for index in range(len(self.flow.lives[-1]))])
            case Kind.KILL_SUPERVISOR:
                self.flow.kill()
                self._start_again(fault)
            case Kind.RESCALE:
                self.stop()
                self._start_again(fault)
            case Kind.BROKER_KILLED:
                self.kafka.kill()
                time.sleep(fault.seconds)
                self.kafka.start()
            case Kind.BROKER_RESTARTED:
                self.kafka.restart()
            case Kind.KILL_WITHOUT_BROKER:
                self.kafka.kill()
                self._kill_one(fault)
                self.kafka.start()
            case Kind.CLICKHOUSE_REFUSES:
                self.gateway.faults.refuse()
                time.sleep(fault.seconds)
                self.gateway.faults.clear()
            case Kind.CLICKHOUSE_STALLS:
                self.gateway.faults.stall(matching=_INSERTS)
                time.sleep(fault.seconds)
                self.gateway.faults.clear()
            case Kind.KILL_DURING_STALL:
                self.gateway.faults.stall(matching=_INSERTS)
                time.sleep(fault.seconds)
                self._kill_one(fault)
                self.gateway.faults.clear()
            case Kind.CLICKHOUSE_CUTS:
                self.gateway.faults.cut(when="before" if fault.process else "after", times=5, matching=_INSERTS)
            case Kind.CLICKHOUSE_KILLED:
                self.gateway.kill()
                time.sleep(fault.seconds)
                self.gateway.start()

    def stop(self) -> None:
        """In order: an exit status that is not 0 is an error."""
        status = self.flow.stop()
        if status != ExitStatus.STOPPED:
            raise AssertionError(f"the supervisor ended with status {status} when it was stopped")

    def _start(self, scale: tuple[int, int]) -> SupervisedFlow:
        processes, workers = scale
        arguments = ["-w", str(workers), *_PATIENCE]
        return self.site.supervised(processes=processes, recovery=self.store, arguments=arguments).start()

    def _start_again(self, fault: Fault) -> None:
        self.starts += len(self.flow.lives)
        self.flow = self._start(fault.scale)
        self.wait_until(lambda: self.flow.lives, "a start")

    def _kill_one(self, fault: Fault) -> None:
        self._killed(lambda: self._kill(fault.process % len(self.flow.lives[-1])))

    def _killed(self, kill: Callable[[], object]) -> None:
        before = len(self.flow.lives)
        kill()
        self.wait_until(lambda: len(self.flow.lives) > before, "a new start")

    def _kill(self, index: int) -> None:
        self.flow.kill_process(index)
