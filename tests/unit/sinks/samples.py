"""Small values of every kind that the sinks receive."""

from collections.abc import Sequence

import msgspec

from operators.records import Chunk, DeadLetter, Decision, Evidence, LateEvent, Origin, Record

BASE_US = 1_767_607_200_000_000  # 2026-01-05T10:00:00Z
ORIGIN: Origin = ("shop-events", 3)
PART = "shop-events/3"


def record(number: int, properties: str = '{"price": 1.5}', customer_id: str | None = "c1") -> Record:
    return Record(
        event_id=f"e{number}",
        type="product_viewed",
        event_time=BASE_US // 1000 + number,
        customer_id=customer_id,
        session_id=None,
        properties=msgspec.Raw(properties.encode()),
        context=msgspec.Raw(b"{}"),
    )


def dead_letter(offset: int, record_time_us: int = BASE_US) -> DeadLetter:
    return DeadLetter("not_json", "expected a value", b"\xff\x00{", b"k\xfe", ORIGIN, offset, record_time_us)


def chunk(
    offsets: Sequence[int],
    *,
    origin: Origin = ORIGIN,
    properties: str = '{"price": 1.5}',
    dead: Sequence[DeadLetter] = (),
    recorded_us: int = BASE_US,
) -> Chunk:
    """One record an offset, one second apart; the watermark trails by five seconds."""
    times_us = [BASE_US + 1_000_000 * offset for offset in offsets]
    return Chunk(
        origin=origin,
        origins=(origin,),
        records=[record(offset, properties) for offset in offsets],
        event_times_us=times_us,
        offsets=list(offsets),
        indexes=[0] * len(offsets),
        record_times_us=[recorded_us + 1_000_000 * offset for offset in offsets],
        watermarks_us=[time_us - 5_000_000 for time_us in times_us],
        late=[],
        dead=list(dead),
        watermark_us=max(times_us, default=BASE_US) - 5_000_000,
    )


def decision(number: int, outcome: str = "action", recipient: str | None = "c1") -> Decision:
    return Decision(
        action_id=f"{number:032x}",
        match_id=f"{number + 1:032x}",
        trigger="cart_abandoned",
        version=1,
        key="c1",
        per=None,
        recipient=recipient,
        event_time_us=BASE_US + number * 1_000_000,
        outcome=outcome,
        reason=None if outcome == "action" else "cooldown",
        evidence=(Evidence("cart", f"e{number}", "shop-events", 3, number, BASE_US + 1),),
        action="email",
        channel="email",
        template="abandoned",
        data={"total": 18.99, "items": [1, 2]},
        priority=5,
    )


def late_event(offset: int) -> LateEvent:
    return LateEvent(f"e{offset}", "purchase", None, BASE_US, 6_000_000, ORIGIN, offset, 0)
