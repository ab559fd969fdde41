"""One request that the pages of the request flow follow: sent once, then found again by its trace id.

The first page that asks sends it and writes down what went over the wire, and the trace; the others read that. Where
nothing is written down, or another platform runs by now, it is sent anew: every page can be run alone. It goes to a
copy of the baseline that was deployed for it: one that has answered before keeps what it has read, and calls less.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench.home import home

if TYPE_CHECKING:
    from janus_platform.client import Platform
    from janus_platform.traces.view import Trace

QUESTION = "Explain quantum entanglement and plot the correlation of two spins against the angle"
NEWCOMER = "newcomer"
REQUEST: dict[str, Any] = {
    "model": "janus",
    "competitor_id": NEWCOMER,
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
    """A request and its answer, as the client saw them; `trace_id` finds what the platform saw.

    `process` is what the node said of the process that answered, right after it had: name, state, isolation, pid and so
    on, with the CPU time and memory that it had used. `recorded` is the trace as it was then, since the platform keeps
    only the latest. Both are empty where nobody asked.
    """

    trace_id: str
    request_id: str
    request: dict[str, Any]
    status: int
    headers: dict[str, str]
    events: list[Event]
    process: dict[str, Any] = field(default_factory=dict)
    recorded: dict[str, Any] = field(default_factory=dict)
    platform_pid: int = 0
    sent: float = 0.0

    def trace(self, platform: Platform) -> Trace:
        """The platform's record of it. Raises PlatformError when nobody kept it and the platform has forgotten it."""
        from janus_platform.traces.view import Trace

        return Trace(self.recorded) if self.recorded else platform.trace(self.trace_id)


def follow(platform: Platform) -> Journey:
    """The request that is followed; sent now if this platform has not had it yet.

    Pages that ask at the same time get the same one: one sends it, the others wait. Raises PlatformError when the copy
    of the baseline cannot be deployed.
    """
    with _alone():
        kept, status = _kept(), platform.status()
        if kept is not None and _went_through(kept, status):
            return kept
        by = {"sent": time.time(), "platform_pid": status["pid"]}
        with _newcomer(platform):
            journey = replace(send(platform, REQUEST), process=_process(platform), **by)
        journey = replace(journey, recorded=platform.trace(journey.trace_id).to_dict())
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


def _went_through(journey: Journey, status: dict[str, Any]) -> bool:
    """Whether it was this platform; one that started since may have the same process id."""
    began = time.time() - float(status["uptime_seconds"])
    return journey.platform_pid == int(status["pid"]) and journey.sent > began


@contextlib.contextmanager
def _newcomer(platform: Platform) -> Iterator[None]:
    """A copy of the baseline that remembers nothing, deployed while this lasts."""
    from janus_platform.implementations import BASELINE, bundled

    if any(one["name"] == NEWCOMER for one in platform.implementations()):
        platform.remove(NEWCOMER)
    platform.submit(bundled()[BASELINE], name=NEWCOMER)
    try:
        yield
    finally:
        platform.remove(NEWCOMER)


def _process(platform: Platform) -> dict[str, Any]:
    """What the node says of the newcomer."""
    [known] = [one for one in platform.implementations() if one["name"] == NEWCOMER]
    [used] = [one for one in platform.top()["implementations"] if one["name"] == NEWCOMER]
    return {**known, "cpu_seconds": used["cpu_seconds"], "memory_bytes": used["memory_bytes"]}


# A comment counts for itself when its line is whole; an event, when the empty line after it is.
_EVENT = re.compile(rb"\n*(?:(:[^\n]*)\n|([^:\n](?:[^\n]|\n(?!\n))*)\n\n)")


def _events(parts: Iterable[bytes], clock: Callable[[], float]) -> Iterator[Event]:
    pending = b""
    for part in parts:
        pending += part
        at, taken = round(clock(), 3), 0
        while found := _EVENT.match(pending, taken):
            yield Event(at, (found[1] or found[2]).decode("utf-8", "replace"))
            taken = found.end()
        pending = pending[taken:]
    if pending := pending.strip(b"\n"):
        yield Event(round(clock(), 3), pending.decode("utf-8", "replace"))


def _file() -> Path:
    return home() / "journey.json"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """While this lasts, no other process is in it."""
    with open(os.open(_file().with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
