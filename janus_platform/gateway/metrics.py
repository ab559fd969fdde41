"""What the gateway counts, for Prometheus to read at `/metrics`.

Every label's values are bounded: an implementation's name is one that is deployed, and after MAX_NAMES of them
`other`; a status is one that the gateway sends. Nothing that a client writes becomes a label.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

# When a counter began is one more series for each, and none that a rate needs.
disable_created_metrics()  # type: ignore[no-untyped-call]

MAX_NAMES = 100
OTHER = "other"
NOBODY = "none"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
NodeStates = Callable[[], Iterable[tuple[str, int, int]]]


class Metrics:
    """The gateway's counters; `page` is what a scrape gets."""

    content_type = CONTENT_TYPE_LATEST.encode()

    def __init__(self, nodes: NodeStates) -> None:
        self._registry = CollectorRegistry()
        self._names: set[str] = set()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Nodes(nodes, self._bounded))
        self._requests = self._counter("requests", "Chat requests by the status that the client saw.", "status")
        self._open = Gauge(
            "janus_gateway_open_requests", "Chat requests being answered.", ["implementation"], registry=self._registry
        )
        self._events = self._counter("stream_events", "Server-sent events forwarded.")
        self._retries = self._counter("retries", "Requests asked again on another node.")
        self._failures = self._counter("node_failures", "Attempts on a node that failed.")
        self._duration = self._histogram("request_seconds", "From the request's head to the answer's last byte.")
        self._first_token = self._histogram("first_token_seconds", "From the request's head to the first token.")
        self._by_name: dict[str, ImplementationMetrics] = {}

    def of(self, name: str) -> ImplementationMetrics:
        """The counters of one implementation; `NOBODY` for requests that reached none."""
        child = self._by_name.get(name)
        if child is None:
            label = self._bounded(name)
            child = self._by_name.get(label) or ImplementationMetrics(self, label)
            if label == name:
                self._by_name[name] = child
            else:
                self._by_name[OTHER] = child
        return child

    def page(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)

    def _bounded(self, name: str) -> str:
        if name in self._names or len(self._names) < MAX_NAMES:
            self._names.add(name)
            return name
        return OTHER

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"janus_gateway_{name}", documentation, ["implementation", *labels], registry=self._registry)

    def _histogram(self, name: str, documentation: str) -> Histogram:
        return Histogram(
            f"janus_gateway_{name}", documentation, ["implementation"], buckets=_SECONDS, registry=self._registry
        )


class ImplementationMetrics:
    """The counters of one implementation, looked up once."""

    def __init__(self, metrics: Metrics, label: str) -> None:
        self._requests, self._label = metrics._requests, label
        self._statuses: dict[int, Counter] = {}
        self.open = metrics._open.labels(label)
        self.events = metrics._events.labels(label)
        self.retries = metrics._retries.labels(label)
        self.node_failures = metrics._failures.labels(label)
        self.duration = metrics._duration.labels(label)
        self.first_token = metrics._first_token.labels(label)

    def answered(self, status: int) -> None:
        """Count one request that ended with `status`."""
        known = self._statuses.get(status)
        if known is None:
            known = self._statuses[status] = self._requests.labels(self._label, str(status))
        known.inc()


class _Nodes(Collector):
    """How many nodes each implementation has, asked for when it is read."""

    def __init__(self, states: NodeStates, bounded: Callable[[str], str]) -> None:
        self._states, self._bounded = states, bounded

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge: nodes by implementation and state."""
        nodes = GaugeMetricFamily("janus_gateway_nodes", "Nodes by state.", labels=["implementation", "state"])
        counts: Counts[tuple[str, str]] = Counts()
        for name, serving, ejected in self._states():
            label = self._bounded(name)
            counts[label, "serving"] += serving
            counts[label, "ejected"] += ejected
        for labels, count in counts.items():
            nodes.add_metric(labels, count)
        yield nodes
