"""The job's own metrics, as Prometheus would read them, twice a second."""

from __future__ import annotations

import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from prometheus_client.parser import text_string_to_metric_families

from flows.metrics import PREFIX

_PERIOD_S: Final = 0.5
_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True)
class Reading:
    """One scrape, with the names of the metrics. ``watermark_delay_s`` is the partition's that is most behind."""

    number: int = 0
    read: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    suppressed: int = 0
    open_matches: int = 0
    watermark_delay_s: float | None = None

    @property
    def accounted(self) -> int:
        """How many have a fate."""
        return self.fates.total()


class Scraper:
    """Scrapes in a thread of its own, so that a busy job holds up nobody else. ``latest`` is empty before the first."""

    def __init__(self, port: int) -> None:
        self.latest = Reading()
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="scraper", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(_PERIOD_S):
            try:
                with urllib.request.urlopen(self._url, timeout=_TIMEOUT_S) as answer:
                    text = answer.read().decode()
            except OSError:  # not up yet, or gone: the job's own status tells
                continue
            self.latest = read_metrics(text, self.latest.number + 1)


def read_metrics(text: str, number: int) -> Reading:
    """What a text of Prometheus says of the flow."""
    totals: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    delay_s: float | None = None
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix(f"{PREFIX}_")
            count = int(sample.value) if sample.value == sample.value else 0
            if name == "events_total":
                fates[sample.labels["fate"]] += count
            elif name == "dead_letters_total":
                fates["dead_letter"] += count
            elif name == "actions_total":
                actions[sample.labels["trigger"]] += count
            elif name == "watermark_delay_seconds":
                delay_s = max(sample.value, delay_s if delay_s is not None else sample.value)
            else:
                totals[name] += count
    return Reading(
        number=number,
        read=totals["events_read_total"],
        fates=fates,
        actions=actions,
        suppressed=totals["suppressed_total"],
        open_matches=totals["open_matches"],
        watermark_delay_s=delay_s,
    )
