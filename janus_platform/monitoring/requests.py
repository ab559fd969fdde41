"""The log of requests and answers: sizes, times, tokens and statuses. Where content would stand, it says how much."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from janus_platform.gateway.request_record import RequestRecord

SERVER_ERROR = 500
KEPT_TIMES = 200


@dataclass
class Totals:
    """Sums over all requests to one implementation, and the latest latencies in seconds."""

    requests: int = 0
    errors: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))

    def add(self, one: RequestRecord) -> None:
        """Count one request."""
        self.requests += 1
        self.errors += one.status >= SERVER_ERROR
        self.request_bytes += one.request_bytes
        self.response_bytes += one.response_bytes
        self.prompt_tokens += one.prompt_tokens or 0
        self.completion_tokens += one.completion_tokens or 0
        if one.status < SERVER_ERROR:
            self.latencies.append(latency(one))

    def plain(self) -> dict[str, Any]:
        """The sums as JSON data, with the median latency in milliseconds."""
        typical = round(median(self.latencies) * 1000, 1) if self.latencies else None
        sums = {name: value for name, value in vars(self).items() if name != "latencies"}
        return {**sums, "latency_ms": typical}


class RequestLog:
    """The latest `kept` requests, oldest first, and the totals of each implementation."""

    def __init__(self, kept: int) -> None:
        self._latest: deque[dict[str, Any]] = deque(maxlen=kept)
        self.totals: dict[str, Totals] = {}

    def add(self, one: RequestRecord) -> None:
        """Log one request that is over."""
        self._latest.append(_line(one))
        self.totals.setdefault(one.implementation, Totals()).add(one)

    def latest(self, count: int | None = None, implementation: str | None = None) -> list[dict[str, Any]]:
        """The latest requests, oldest first; of one implementation, or of all."""
        lines = [line for line in self._latest if implementation in (None, line["implementation"])]
        return lines[-count:] if count else lines

    def keep_only(self, names: set[str]) -> None:
        """Forget the totals of implementations that are gone."""
        self.totals = {name: totals for name, totals in self.totals.items() if name in names}


def latency(one: RequestRecord) -> float:
    """What a client waited for, in seconds: the first token of a stream, the whole of any other answer."""
    return one.seconds if one.first_token is None else one.first_token


def _line(one: RequestRecord) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request_id": one.request_id,
        "implementation": one.implementation,
        "status": one.status,
        "stream": one.stream,
        "ms": round(one.seconds * 1000, 1),
        "first_token_ms": None if one.first_token is None else round(one.first_token * 1000, 1),
        "request": f"[redacted, {one.request_bytes} bytes]",
        "response": f"[redacted, {one.response_bytes} bytes]",
        "prompt_tokens": one.prompt_tokens,
        "completion_tokens": one.completion_tokens,
    }
