"""Whether every counter adds up: what was produced, what the flow says of itself, what is on topics and in tables."""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from flows.demo.action_feed import count_messages
from flows.demo.scrape import Reading
from flows.demo.stage import Stage


@dataclass(frozen=True)
class Check:
    """One sum: the parts by name, all of one value if it holds."""

    sides: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether all sides are equal."""
        return len(set(self.sides.values())) == 1

    def __str__(self) -> str:
        if self.holds:
            return f"{next(iter(self.sides.values())):>8,}  = {' = '.join(self.sides)}"
        return "not equal: " + ", ".join(f"{name} {count:,}" for name, count in self.sides.items())


def check(stage: Stage, client: Client, produced: int, reading: Reading, actions_seen: int) -> list[Check]:
    """Every sum, after the job has ended; ``reading`` is the last of its metrics."""
    topic, settings = stage.events_topic, stage.settings
    here = {"topic": topic}

    def count(sql: str) -> int:
        return int(client.query(sql, parameters=here).result_rows[0][0])

    archived = count("SELECT count() FROM events WHERE topic = {topic:String}")
    dead = count("SELECT count() FROM dead_letters WHERE topic = {topic:String}")
    late = count("SELECT count() FROM late WHERE topic = {topic:String}")
    decided = count(
        "SELECT uniqExact(action_id) FROM decisions WHERE outcome = 'action' AND evidence.topic[1] = {topic:String}"
    )
    rows = count("SELECT count() FROM decisions WHERE outcome = 'action' AND evidence.topic[1] = {topic:String}")
    return [
        Check({"produced": produced, "rows in events + dead_letters": archived + dead}),
        Check({"read": reading.read, "matched + late + duplicate + dead_letter": reading.accounted}),
        Check({"produced": produced, "read": reading.read}),
        Check({"late by the metrics": reading.fates["late"], "rows in late": late}),
        Check(
            {
                "dead by the metrics": reading.fates["dead_letter"],
                "rows in dead_letters": dead,
                "on the dead-letter topic": count_messages(stage, settings.dead_letter_topic),
            }
        ),
        Check(
            {
                "actions on their topic": count_messages(stage, settings.actions_topic),
                "read from it": actions_seen,
                "by the metrics": reading.actions.total(),
                "rows in decisions": rows,
                "different action_ids": decided,
            }
        ),
    ]
