"""One request that the pages of the request flow follow: sent once, then found again by its trace id.

The first page that asks sends it and writes down what went over the wire; the others read that. Where nothing is
written down, or the platform no longer has the trace, it is sent anew: every page can be run alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench.home import home

if TYPE_CHECKING:
    from janus_platform.platform import Platform
    from janus_platform.trace_view import Trace

QUESTION = "Explain quantum entanglement and plot the correlation of two spins against the angle"
REQUEST: dict[str, Any] = {
    "model": "janus",
    "messages": [{"role": "user", "content": QUESTION}],
    "stream": True,
}
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Event:
    """One server-sent event as it stood on the wire, and when it was read: milliseconds after the request was sent."""

    ms: float
    text: str


@dataclass(frozen=True)
class Journey:
    """A request and its answer, as the client saw them; `trace_id` finds what the platform saw."""

    trace_id: str
    request_id: str
    request: dict[str, Any]
    status: int
    headers: dict[str, str]
    events: list[Event]

    def trace(self, platform: Platform) -> Trace:
        """The platform's record of it. Raises PlatformError when the platform has forgotten it."""
        return platform.trace(self.trace_id)


def follow(platform: Platform) -> Journey:
    """The request that is followed; sent now if the platform does not know it."""
    kept = _kept()
    if kept is not None and any(row["trace_id"] == kept.trace_id for row in platform.traces(1_000)):
        return kept
    journey = send(platform, REQUEST)
    _keep(journey)
    return journey


def send(platform: Platform, request: dict[str, Any]) -> Journey:
    """Send a chat request as raw bytes, inside a client span, and note each event when it is read."""
    import httpx

    with platform.client_span() as call:
        started = time.perf_counter()
        chat = f"{platform.url}/v1/chat/completions"
        with httpx.stream("POST", chat, json=request, headers=call.headers, timeout=ANSWER_SECONDS) as response:
            call.event("response_headers")
            events = list(_events(response.iter_raw(), lambda: (time.perf_counter() - started) * 1_000))
    headers = dict(response.headers)
    return Journey(call.trace_id, headers["x-request-id"], request, response.status_code, headers, events)


def _events(parts: Iterable[bytes], clock: Callable[[], float]) -> Iterator[Event]:
    pending = b""
    for part in parts:
        *whole, pending = (pending + part).split(b"\n\n")
        at = round(clock(), 3)
        yield from (Event(at, text.decode("utf-8", "replace")) for text in whole)
    if pending:
        yield Event(round(clock(), 3), pending.decode("utf-8", "replace"))


def _file() -> Path:
    return home() / "journey.json"


def _keep(journey: Journey) -> None:
    file = _file()
    draft = file.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(asdict(journey), out)
    draft.replace(file)


def _kept() -> Journey | None:
    try:
        found = json.loads(_file().read_text("utf-8"))
        return Journey(**{**found, "events": [Event(**event) for event in found["events"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None
