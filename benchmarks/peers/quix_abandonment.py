"""The abandonment rule on Quix Streams, Kafka to Kafka, in one process: `overlap`, with its stateful API.

    QUIX/bin/python -I quix_abandonment.py BOOTSTRAP_SERVERS TOPIC ACTIONS_TOPIC EVENTS STATE_FOLDER PREFILTER

Runs in a venv of its own and imports nothing of ours. Ends when it has processed so many events, and prints one
JSON line: events, seconds and cpu_seconds, both from the first event processed until everything is committed.

Quix Streams has no timers and no pattern for what did not happen: an action is found when the customer's next event
tells that the half hour is over, so the topic must end with one for each (`ticks`). Its session windows close by the
time of other customers' events too, but a customer's session has one end, which is not `overlap`, and each closing
walks all keys of the partition.

With PREFILTER `true` what the rule never asks for is dropped before the state is touched, and only carts, purchases
and ticks tell the time; with `false` every event of the customer does, so that an action comes as soon as it can.

Choices in Quix's favour: a customer's carts and purchases are one value, kept only as long as they can matter; an
action is a line of text; state, changelog, commits and guarantee (at least once) are its defaults.
"""

import json
import resource
import sys
import time
from bisect import insort
from operator import itemgetter
from typing import Any

from quixstreams import Application, State

WITHIN_MS = 30 * 60_000
MAX_OUT_OF_ORDERNESS_MS = 2_000
SILENCE_S = 60.0

Recent = list[list[Any]]
"""[event time in ms, event id, whether it is a cart] of one customer, by time, equal times in order of arrival."""


def is_asked_for(event: dict[str, Any]) -> bool:
    return event["type"] in ("cart_add", "purchase", "tick")


def abandoned(event: dict[str, Any], customer: str, time_ms: int, _headers: object, state: State) -> list[str]:
    """The actions due by the customer's own watermark."""
    stored: Recent = state.get("recent", [])
    recent = stored.copy()
    if event["type"] in ("cart_add", "purchase"):
        insort(recent, [time_ms, event["event_id"], event["type"] == "cart_add"], key=itemgetter(0))
    newest_ms = max(time_ms, recent[-1][0] if recent else 0)
    due, left = settle(recent, newest_ms - MAX_OUT_OF_ORDERNESS_MS)
    if left and left != stored:
        state.set("recent", left)
    elif stored and not left:
        state.delete("recent")
    return [f"{cart_ms + WITHIN_MS}\t{customer}\t{cart}" for cart_ms, cart, _ in due]


def settle(recent: Recent, watermark_ms: int) -> tuple[Recent, Recent]:
    """(abandoned carts, what can still matter); nothing before the watermark is still to come."""
    due: Recent = []
    open_from = 0
    for at, (time_ms, _, is_cart) in enumerate(recent):
        if time_ms >= watermark_ms:
            break
        if not is_cart:
            due += [cart for cart in recent[open_from:at] if cart[0] + WITHIN_MS <= time_ms]
            open_from = at + 1
    left = recent[open_from:]
    overdue = [cart for cart in left if cart[2] and cart[0] + WITHIN_MS <= watermark_ms]
    return due + overdue, left[len(overdue) :]


def main() -> None:
    bootstrap_servers, topic, actions_topic, events, state_folder, prefilter = sys.argv[1:]
    wanted = int(events)
    processed = 0
    began = (0.0, 0.0)

    def count(_topic: str, _partition: int, _offset: int) -> None:
        nonlocal processed, began
        processed += 1
        if processed == 1:
            began = now()
        if processed == wanted:
            app.stop()

    app = Application(
        bootstrap_servers,
        consumer_group=f"quix-{actions_topic}",
        auto_offset_reset="earliest",
        state_dir=state_folder,
        on_message_processed=count,
        loglevel="WARNING",
    )
    actions = app.topic(actions_topic, value_serializer="str")
    events_by_customer = app.dataframe(app.topic(topic, key_deserializer="str", value_deserializer="json"))
    if prefilter == "true":
        events_by_customer = events_by_customer.filter(is_asked_for)
    events_by_customer = events_by_customer.apply(abandoned, stateful=True, metadata=True, expand=True)
    events_by_customer.to_topic(actions)
    # The silence ends a run that misses events; it is then found out by its answer.
    app.run(timeout=SILENCE_S, collect=False)
    seconds, cpu_seconds = (end - start for end, start in zip(now(), began, strict=True))
    print(json.dumps({"events": processed, "seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}))


def now() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
