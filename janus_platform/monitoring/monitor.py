"""Watches every implementation in windows of a few seconds: what it uses, where it goes, how it answers."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.contract import Monitoring as Rules
from janus_platform.gateway.request_record import RequestRecord
from janus_platform.monitoring.anomaly import Kind, Signal
from janus_platform.monitoring.requests import SERVER_ERROR, RequestLog, latency
from janus_platform.monitoring.resources import Usage, usage_of

log = logging.getLogger("janus.monitor")

KEPT_ANOMALIES = 200
# Judged once a window. Both kinds of egress are connections for each request (at least one), so that a busy window is
# no anomaly, and connections that nobody asked for are. A window in which nothing happened is neither judged nor kept.
SIGNALS: dict[str, Kind] = {"egress": "count", "blocked egress": "count", "errors": "count", "latency": "duration"}


@dataclass
class _Watched:
    """One implementation between two looks at it."""

    signals: dict[str, Signal]
    usage: Usage = field(default_factory=Usage)
    cpu_percent: float = 0.0
    looked_at: float | None = None
    egress: Counter[str] = field(default_factory=Counter)
    open_requests: int = 0
    answered: int = 0
    errors: int = 0
    latencies: list[float] = field(default_factory=list)


class Monitor:
    """`describe` lists the implementations as plain data; `egress` returns a caller's counts, allowed and blocked."""

    def __init__(
        self,
        contract: Contract,
        clock: Clock,
        describe: Callable[[], Sequence[Mapping[str, Any]]],
        egress: Callable[[str], Mapping[str, int]],
        usage: Callable[[Sequence[int]], Usage] = usage_of,
    ) -> None:
        self._rules, self._clock, self._describe, self._egress, self._usage = (
            contract.monitoring,
            clock,
            describe,
            egress,
            usage,
        )
        self.requests = RequestLog(self._rules.kept_requests)
        self._watched: dict[str, _Watched] = {}
        self._anomalies: deque[dict[str, Any]] = deque(maxlen=KEPT_ANOMALIES)

    def add(self, record: RequestRecord) -> None:
        """Log a request that is over, and count it in this window."""
        self.requests.add(record)
        watched = self._of(record.implementation)
        watched.answered += 1
        if record.status >= SERVER_ERROR:
            watched.errors += 1
        else:
            watched.latencies.append(latency(record))

    async def run(self) -> None:
        """End a window as often as the contract says, until cancelled."""
        while True:
            await self._clock.sleep(self._rules.window_seconds)
            try:
                await self.look()
                self.end_window()
            except Exception as error:  # A window that cannot be judged must not end the watch.
                log.error("window not judged error=%s", type(error).__name__)

    async def look(self) -> None:
        """Read what each implementation uses at this moment."""
        implementations = self._describe()
        for name in set(self._watched) - {one["name"] for one in implementations}:
            del self._watched[name]
        self.requests.keep_only({one["name"] for one in implementations} | {"none"})
        for one in implementations:
            used = await asyncio.to_thread(self._usage, _pids(one))
            watched = self._of(one["name"])
            watched.open_requests = int(one.get("open_requests", 0))
            self._used(watched, used)

    def end_window(self) -> None:
        """Judge what happened since the last window's end."""
        for name, watched in self._watched.items():
            counts = Counter(self._egress(name))
            since = counts - watched.egress
            requests, connections = watched.answered + watched.open_requests, since.total()
            values: dict[str, float] = {}
            if requests or connections:
                values = {
                    "egress": connections / max(1, requests),
                    "blocked egress": since["blocked"] / max(1, requests),
                    "errors": watched.errors,
                }
            if watched.latencies:
                values["latency"] = median(watched.latencies)
            watched.egress, watched.answered, watched.errors, watched.latencies = counts, 0, 0, []
            for signal, value in values.items():
                self._judge(name, signal, watched.signals[signal], value)

    def anomalies(self) -> list[dict[str, Any]]:
        """The latest alarms, oldest first."""
        return list(self._anomalies)

    async def view(self) -> dict[str, Any]:
        """Everything that `janus top` shows, as `top.schema.json` describes it."""
        await self.look()
        return {
            "at": _now(),
            "window_seconds": self._rules.window_seconds,
            "statistic": {
                "score": "(value - median) / max(1.4826 MAD, floor)",
                "alarm_score": self._rules.alarm_score,
                "min_samples": self._rules.min_samples,
                "history_windows": self._rules.history_windows,
            },
            "implementations": [self._row(one) for one in self._describe()],
            "anomalies": self.anomalies(),
            "requests": self.requests.latest(20),
        }

    async def summary(self) -> dict[str, Any]:
        """The part of `view` that the platform's status shows."""
        view = await self.view()
        return {key: view[key] for key in ("window_seconds", "implementations", "anomalies")}

    def _row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        name = str(one["name"])
        watched, egress = self._of(name), self._egress(name)
        totals = self.requests.totals.get(name)
        return {
            "name": name,
            "state": one["state"],
            "isolation": one.get("isolation", ""),
            "nodes": len(one.get("nodes", ())) or 1,
            "processes": watched.usage.processes,
            "cpu_percent": round(watched.cpu_percent, 1),
            "cpu_seconds": round(watched.usage.cpu_seconds, 2),
            "memory_bytes": watched.usage.memory_bytes,
            "open_requests": one.get("open_requests", 0),
            "restarts": one.get("restarts", 0),
            "forwarding_ms": one.get("forwarding_ms"),
            "egress": {"allowed": egress.get("allowed", 0), "blocked": egress.get("blocked", 0)},
            "requests": totals.plain() if totals else None,
        }

    def _of(self, name: str) -> _Watched:
        if name not in self._watched:
            self._watched[name] = _Watched({signal: _signal(kind, self._rules) for signal, kind in SIGNALS.items()})
        return self._watched[name]

    def _used(self, watched: _Watched, usage: Usage) -> None:
        now = self._clock.now()
        if watched.looked_at is not None and now > watched.looked_at:
            # A process that ended takes its seconds with it.
            spent = max(0.0, usage.cpu_seconds - watched.usage.cpu_seconds)
            watched.cpu_percent = 100 * spent / (now - watched.looked_at)
        watched.usage, watched.looked_at = usage, now

    def _judge(self, name: str, signal: str, history: Signal, value: float) -> None:
        judged = history.judge(value)
        if not judged.alarm or judged.score is None or judged.typical is None:
            return
        anomaly = {
            "at": _now(),
            "implementation": name,
            "signal": signal,
            "value": round(judged.value, 4),
            "typical": round(judged.typical, 4),
            "score": round(judged.score, 1),
        }
        self._anomalies.append(anomaly)
        log.warning("anomaly %s", " ".join(f"{key}={str(anomaly[key]).replace(' ', '-')}" for key in list(anomaly)[1:]))


def _signal(kind: Kind, rules: Rules) -> Signal:
    return Signal(kind, kept=rules.history_windows, min_samples=rules.min_samples, alarm_score=rules.alarm_score)


def _pids(one: Mapping[str, Any]) -> list[int]:
    return [pid for node in (one.get("nodes") or [one]) if isinstance(pid := node.get("pid"), int)]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
