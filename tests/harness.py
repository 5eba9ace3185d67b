"""Events through the real graph, in process or through Bytewax, without a wall clock.

``run`` takes triggers as YAML text and events as dicts, and walks them through decoder, partition clock, router and
key groups as the live flow does (``tests.in_process``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from config.common_policy import NO_LIMITS, CommonPolicy
from config.events import EventSchema
from config.loader import LoadedTrigger, parse_trigger
from config.scores import load_scores
from config.traits import load_traits
from operators.clock import PartitionClock
from operators.compiler import compile_triggers
from operators.decode import Decoder
from operators.plan import Plan
from operators.profile_reader import ProfileReader
from tests.in_process import Graph, Item, Log, Result
from tests.moments import at, us

TOPIC = "events"
SHIPPED = Path(__file__).parents[1] / "config"


def event(type: str, when: str, *, customer: str | None = "c1", id: str | None = None, **rest: Any) -> dict[str, Any]:
    """A canonical event; what is not a field of the envelope is a property. Its id is by default what it is."""
    found: dict[str, Any] = {
        "event_id": id or f"{type}@{when}" + ("" if customer in ("c1", None) else f"/{customer}"),
        "type": type,
        "event_time": at(when),
    }
    if customer is not None:
        found["customer_id"] = customer
    for name in ("session_id", "context"):
        if name in rest:
            found[name] = rest.pop(name)
    return found | {"properties": rest}


def watermark(when: str) -> dict[str, Any]:
    """An explicit watermark of the log."""
    return {"watermark": at(when)}


def heartbeat(when: str) -> dict[str, Any]:
    """What a partition read to its end and silent sends."""
    return {"heartbeat": at(when)}


def trigger(match: str, *, name: str = "t", rest: str = "") -> str:
    """A trigger file around the YAML of ``match`` (its lines unindented)."""
    body = "\n".join(f"  {line}" for line in match.strip("\n").splitlines())
    actions = "" if "actions:" in rest else "actions: [{channel: email, template: hello}]\n"
    return f"trigger: {name}\nversion: 1\nmatch:\n{body}\n{rest}\n{actions}"


def compiled(
    *texts: str, wants_expired: bool = True, common: CommonPolicy = NO_LIMITS, traits: Path = SHIPPED / "traits"
) -> Plan:
    """The plan of these trigger files, with the shipped scores. Raises ``ConfigError``."""
    loaded: list[LoadedTrigger] = [parse_trigger(text, f"trigger{i}.yaml") for i, text in enumerate(texts)]
    scores = load_scores(SHIPPED / "scores")
    programs = compile_triggers(loaded, wants_expired=wants_expired, common=common, scores=scores)
    return Plan(programs, load_traits(traits), scores)


Interleaving: TypeAlias = Callable[[list[int]], int]
"""Of the partitions that have a chunk ready (by number), the one that is read next."""


def run(
    triggers: str | Sequence[str] | Plan,
    events: Iterable[Item],
    *,
    chunk_size: int = 5_000,
    key_groups: int = 4,
    partitions: Sequence[int] | None = None,
    interleaving: Interleaving | None = None,
    max_out_of_orderness: str = "0s",
    at_end: str = "hold",
    snapshot_every: int | None = None,
    dedupe_horizon: str = "7d",
    decoder: Decoder | None = None,
    schemas: Mapping[str, EventSchema] | None = None,
    identity: bool = True,
    identity_horizon: str = "24h",
    common: CommonPolicy = NO_LIMITS,
    profiles: ProfileReader | None = None,
) -> Result:
    """Feeds ``events``, in order of arrival, and ends the input.

    ``partitions``: by event, the Kafka partition it is in; chunks of one partition are read as they fill, or in the
    order that ``interleaving`` chooses. ``snapshot_every``: after so many chunks every group is snapshotted and goes
    on in a fresh one.
    """
    events = list(events)
    texts = [triggers] if isinstance(triggers, str) else triggers
    plan = texts if isinstance(texts, Plan) else compiled(*texts, common=common)
    decoder = decoder or Decoder(schemas=schemas)
    partitions = partitions or [0] * len(events)
    origins = tuple((TOPIC, number) for number in range(max(partitions, default=0) + 1))
    logs = [Log(origin, PartitionClock(us(max_out_of_orderness))) for origin in origins]
    graph = Graph(
        plan,
        key_groups,
        us(dedupe_horizon),
        snapshot_every,
        profiles,
        identity_horizon_us=us(identity_horizon) if identity else None,
    )
    if interleaving is None:
        for item, number in zip(events, partitions, strict=True):
            logs[number].items.append(item)
            if len(logs[number].items) == chunk_size:
                graph.feed(logs[number], origins, decoder, chunk_size)
        for log in logs:
            graph.feed(log, origins, decoder, chunk_size)
    else:
        for item, number in zip(events, partitions, strict=True):
            logs[number].items.append(item)
        while ready := [number for number, log in enumerate(logs) if log.items]:
            graph.feed(logs[interleaving(ready)], origins, decoder, chunk_size)
    graph.end(origins, at_end)
    return graph.result
