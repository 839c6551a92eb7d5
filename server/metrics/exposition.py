"""Counts what is told, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.metrics.calls import EndedCall
from server.metrics.labels import Labels, size_class
from server.metrics.state import ReadState, ServerState

MOST_FILTERS = 50  # that have labels of their own
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)


class Exposition:
    """What Prometheus is told: calls as they end, what ``read_state`` says, which is asked each time, and the process's
    memory, processor time and descriptors. ``methods`` are those that have labels of their own."""

    def __init__(self, methods: Iterable[str], read_state: ReadState) -> None:
        self.registry = CollectorRegistry()
        self._methods, self._filters = Labels(methods), Labels(most=MOST_FILTERS)
        self._calls = Counter("pleinair_calls", "Calls that have ended.", ["method", "status"], registry=self.registry)
        self._refusals = Counter("pleinair_refusals", "Calls that were refused.", ["reason"], registry=self.registry)
        self._seconds = Histogram(
            "pleinair_translation_seconds",
            "Seconds from a translation's beginning to its last byte, by filter and by the least of several numbers of"
            " megapixels that the picture does not exceed.",
            ["filter", "megapixels"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(_StateCollector(read_state))
        ProcessCollector(registry=self.registry)

    def observe(self, call: EndedCall) -> None:
        """Counts a call that has ended."""
        self._calls.labels(self._methods.of(call.method), call.status).inc()
        if call.reason:
            self._refusals.labels(call.reason).inc()
        if call.filter and call.status == "OK":
            self._seconds.labels(self._filters.of(call.filter), size_class(call.size)).observe(call.seconds)


class _StateCollector(Collector):
    def __init__(self, read_state: ReadState) -> None:
        self._read_state = read_state

    def describe(self) -> Iterable[Metric]:
        """Nothing: to be registered must not ask for the state."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from _gauges(self._read_state())


def _gauges(state: ServerState) -> Iterator[Metric]:
    taken = GaugeMetricFamily("pleinair_queue_taken", "Places of a queue that are taken.", labels=["queue"])
    places = GaugeMetricFamily("pleinair_queue_places", "Places that a queue has.", labels=["queue"])
    for name, queue in state.queues.items():
        taken.add_metric([name], queue.taken)
        places.add_metric([name], queue.all)
    trainings = GaugeMetricFamily("pleinair_trainings", "Trainings that are kept.", labels=["state"])
    for name, count in state.trainings.items():
        trainings.add_metric([name], count)
    yield from (taken, places, trainings)
    yield GaugeMetricFamily("pleinair_memory_taken_bytes", "Memory taken of --memory.", state.memory_taken)
    yield GaugeMetricFamily("pleinair_memory_bytes", "What --memory allows.", state.memory)
    yield GaugeMetricFamily("pleinair_filters", "Filters that are served.", state.filters)
    yield GaugeMetricFamily("pleinair_rejected_files", "Files that cannot be served.", state.rejected_files)
