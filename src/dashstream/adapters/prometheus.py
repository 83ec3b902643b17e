"""The ``Metrics`` port on prometheus_client: one registry, closed label sets, Prometheus' text format.

Labels are closed sets given at declaration; an observation outside them raises, so that no client can grow
the number of series. Every label combination exists from the start: a series that was never counted shows
0, and a gauge that was never set is left out, because missing is not zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import prometheus_client as client

from dashstream.engine.ports import Counter, Gauge, Histogram, Labels, Numbers


@dataclass(frozen=True, slots=True)
class MetricFact:
    """One declared metric, for the reference page."""

    name: str
    kind: str
    doc: str
    labels: Mapping[str, Sequence[str]]


class _Metric:
    """A metric whose label values are checked against their closed sets."""

    def __init__(self, metric: Any, labels: Labels) -> None:
        self._metric = metric
        self._labels = {name: _closed(values) for name, values in labels.items()}
        self._known: dict[tuple[tuple[str, str], ...], Any] = {}

    def _series(self, given: Mapping[str, str]) -> Any:
        if not self._labels:
            return self._metric
        series = self._known.get(key := tuple(given.items()))
        if series is None:
            series = self._known[key] = self._checked(given)
        return series

    def _checked(self, given: Mapping[str, str]) -> Any:
        for name, value in given.items():
            if value not in self._labels.get(name, ()):
                raise ValueError(f"{value!r} is not a declared value of label {name!r}")
        return self._metric.labels(**given)

    def inc(self, amount: float = 1, /, **labels: str) -> None:
        self._series(labels).inc(amount)

    def set(self, value: float, /, **labels: str) -> None:
        self._series(labels).set(value)

    def observe(self, value: float, /, **labels: str) -> None:
        self._series(labels).observe(value)

    def clear(self, **labels: str) -> None:
        self._checked(labels)
        self._known.clear()
        self._metric.remove(*(labels[name] for name in self._labels))


def _closed(values: Sequence[str]) -> Container[str]:
    return values if isinstance(values, Numbers) else frozenset(values)


class PrometheusMetrics:
    """Implements the ``Metrics`` port."""

    def __init__(self) -> None:
        self._registry = client.CollectorRegistry()
        self._metrics: dict[str, _Metric] = {}
        self._facts: dict[str, MetricFact] = {}
        client.ProcessCollector(registry=self._registry)

    @property
    def facts(self) -> list[MetricFact]:
        """What was declared so far, by name."""
        return [self._facts[name] for name in sorted(self._facts)]

    def counter(self, name: str, doc: str, labels: Labels | None = None) -> Counter:
        """Declare a counter, or return it."""
        return self._declare("counter", name, doc, labels, client.Counter)

    def gauge(self, name: str, doc: str, labels: Labels | None = None) -> Gauge:
        """Declare a gauge, or return it."""
        return self._declare("gauge", name, doc, labels, client.Gauge)

    def histogram(self, name: str, doc: str, buckets: Sequence[float], labels: Labels | None = None) -> Histogram:
        """Declare a histogram, or return it."""
        return self._declare("histogram", name, doc, labels, client.Histogram, buckets=tuple(buckets))

    def render(self) -> bytes:
        """Return all metrics in the text format."""
        return client.generate_latest(self._registry)

    def _declare(self, kind: str, name: str, doc: str, labels: Labels | None, make: Any, **options: Any) -> _Metric:
        labels = labels or {}
        fact = MetricFact(
            name,
            kind,
            doc,
            {key: values if isinstance(values, Numbers) else tuple(values) for key, values in labels.items()},
        )
        if known := self._metrics.get(name):
            if self._facts[name] != fact:
                raise ValueError(f"metric {name!r} is declared twice, and differently")
            return known
        made = make(name, doc, tuple(labels), registry=self._registry, **options)
        if kind != "gauge":
            for values in itertools.product(*labels.values()) if labels else ():
                made.labels(*values)
        self._metrics[name] = _Metric(made, labels)
        self._facts[name] = fact
        return self._metrics[name]
