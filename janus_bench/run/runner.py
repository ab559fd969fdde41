"""Ask a target every question of a suite, a set number at a time, and keep what came back.

Nothing is evaluated while requests are in flight: running returned code or inflating pictures would disturb the clock.
The runner watches its own event loop meanwhile, so a report can say when the machine was too busy to time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from janus_bench.errors import BenchError, RequestError, TargetError
from janus_bench.run.records import Record
from janus_bench.suites.model import Item
from janus_bench.wire.chat import read_answer_aside
from janus_bench.wire.client import exchange
from janus_bench.wire.pause import TOO_MANY, Pause
from janus_bench.wire.receiver import Clock
from janus_bench.wire.target import Target

LAG_PERIOD_SECONDS = 0.02
DEFAULT_MODEL = "janus"  # the model name behind which the platform puts its current #1
_WARM_UP = "In one sentence: what are you?"
# Failures of a warm-up that every later request would repeat, and what to do about each.
_REMEDIES = {
    "connection_refused": "Nothing listens there. Start the target first (the local platform: `janus up`).",
    "name_not_resolved": "Check the host name.",
    "connection_failed": "Check the address, and that this machine can reach it.",
    "tls": "Check the certificate, or use http:// for a target without TLS.",
    "bad_http": "Check the address: what answers there does not speak HTTP.",
    "no_response": "Check the address: what listens there closes the connection.",
    "not_openai": "The target must answer POST /v1/chat/completions as OpenAI does, with `stream: true`.",
    "http_400": "The target refuses a plain chat request with `stream: true` and `stream_options`.",
    "http_401": "The target needs a key: put it into $JANUS_BENCH_API_KEY.",
    "http_403": "The target refuses this key: check $JANUS_BENCH_API_KEY.",
    "http_404": "Check the address (it ends in /v1 or before it) and the --model.",
    "http_405": "The target does not accept POST at this address.",
    "http_422": "The target refuses a plain chat request with `stream: true` and `stream_options`.",
    "http_501": "The target does not accept POST: another kind of server is listening there.",
}
# Other statuses that no waiting changes (RFC 9110, 15.4 and 15.5): all of 3xx and 4xx but these.
_PASSING = ("http_408", "http_425", "http_429")


@dataclass(frozen=True)
class Settings:
    """How a suite is run. `timeout` is in seconds and per request.

    Closed loop: `concurrency` requests are in flight, the next starts when one ends. Open loop: with `rate`, in
    requests a second, each starts when it is due, however many are in flight, as users do; a slow target cannot slow
    the asking down and so hide its own waits (coordinated omission).
    """

    model: str = DEFAULT_MODEL
    concurrency: int = 4
    repeats: int = 1
    warmup: int = 1
    seed: int = 0
    timeout: float = 300.0
    rate: float | None = None

    def __post_init__(self) -> None:
        bounds = {"concurrency": (1, 256), "repeats": (1, 100), "warmup": (0, 100), "timeout": (0.01, 3600)}
        if self.rate is not None:
            bounds["rate"] = (0.001, 1000)
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise BenchError(f"{name} is {getattr(self, name)}", f"Choose {low} to {high}.")
        if not 0 < len(self.model) <= 200:
            raise BenchError("the model's name is empty or too long", "Give --model NAME.")


@dataclass(frozen=True)
class Outcome:
    """What a run brought, whole or not.

    `lag_ms` are the event loop's delays, sampled all along; `start_late_ms`, of an open loop, how long after it was due
    each request was started.
    """

    records: list[Record]
    planned: int
    lag_ms: list[float]
    start_late_ms: list[float] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every planned request was made."""
        return len(self.records) == self.planned


async def run_items(
    target: Target,
    items: list[Item],
    settings: Settings,
    *,
    keep: Callable[[Record], None],
    progress: Callable[[int, int, int], None] = lambda done, planned, failed: None,
    clock: Clock = time.perf_counter_ns,
    done: Sequence[Record] = (),
) -> Outcome:
    """Ask every item, repeats among them, in an order that the seed decides, but for what is `done` already.

    `keep` is handed each record as soon as it is complete; `progress` gets (done, planned, failed). Cancelling stops
    the requests in flight and returns what is done. Raises TargetError where the warm-up shows that none can work.
    """
    plan = list(items)
    random.Random(settings.seed).shuffle(plan)
    records = list(done)
    asked = {(record.item, record.repeat) for record in done}
    waiting = iter([item for item in plan if (item.id, item.repeat) not in asked])
    turn, pause, late = asyncio.Lock(), Pause(), list[float]()
    progress(len(records), len(plan), sum(not entry.ok for entry in records))

    async def one(item: Item) -> None:
        record = await ask(target, item, settings, clock, turn, pause)
        records.append(record)
        keep(record)
        progress(len(records), len(plan), sum(not entry.ok for entry in records))

    async def worker() -> None:
        for item in waiting:
            await one(item)

    async def as_they_are_due(group: asyncio.TaskGroup, rate: float) -> None:
        begun = clock()
        for number, item in enumerate(waiting):
            due = begun + round(number / rate * 1e9)
            await asyncio.sleep(max(0, due - clock()) / 1e9)
            late.append((clock() - due) / 1e6)
            group.create_task(one(item))

    async with _lag_watch(clock) as lags:
        try:
            await _warm_up(target, settings, clock)
            async with asyncio.TaskGroup() as group:
                if settings.rate is not None:
                    await as_they_are_due(group, settings.rate)
                else:
                    for _ in range(settings.concurrency):
                        group.create_task(worker())
        except asyncio.CancelledError:
            # Ctrl-C: what is done is kept, and the report says that the run is not whole
            return Outcome(records, len(plan), lags, late)
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
    return Outcome(records, len(plan), lags, late)


async def ask(target: Target, item: Item, settings: Settings, clock: Clock, turn: asyncio.Lock, pause: Pause) -> Record:
    """Ask one item, again where the target says 429, after the wait that it asks for: all requests share its `pause`.

    A failed request gives a record with its kind of error; nothing is raised. Answers are taken apart one at a time,
    each in its `turn`. Times are those of the last try; how often it was asked stands in the record.
    """
    record = Record(item.id, item.category, item.repeat)
    body = request_body(item, settings.model)
    try:
        while True:
            await pause.over()
            response = await exchange(target, body, timeout=settings.timeout, clock=clock)
            if response.status != TOO_MANY or not pause.grants(response.headers, record.tries):
                break
            record.tries += 1
        record.started_ns, record.connected_ns = response.started_ns, response.connected_ns
        record.sent_ns = response.sent_ns
        record.stamped_by, record.late_ns = response.stamped_by, response.late_ns
        record.answer = await read_answer_aside(response, turn)
    except RequestError as failure:
        record.error, record.error_detail = failure.kind, failure.detail
    return record


def request_body(item: Item, model: str) -> bytes:
    """The JSON of one request: streamed, with usage in the last chunk."""
    body = {
        "model": model,
        "messages": list(item.messages),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if item.tools:
        body["tools"] = list(item.tools)
    return json.dumps(body).encode()


async def _warm_up(target: Target, settings: Settings, clock: Clock) -> None:
    """Requests that count for nothing, but show whether the target can be benched at all."""
    item = Item("warm-up", "chat", ({"role": "user", "content": _WARM_UP},), ())
    for _ in range(settings.warmup):
        record = await ask(target, item, settings, clock, asyncio.Lock(), Pause())
        if record.error and (remedy := _remedy(record.error)):
            what = f"{target.url} cannot be benched: {record.error} ({record.error_detail})"
            raise TargetError(what, remedy)


def _remedy(kind: str) -> str | None:
    """What to do about a failure that every later request would repeat; None for one that may pass."""
    if kind.startswith("http_3"):
        return "The target redirects: give the address that it redirects to."
    if kind.startswith("http_4") and kind not in _PASSING:
        return _REMEDIES.get(kind, "The target refuses a plain chat request. Check the address and the key.")
    return _REMEDIES.get(kind)


@contextlib.asynccontextmanager
async def _lag_watch(clock: Clock) -> AsyncIterator[list[float]]:
    """Collect how late (ms) the event loop wakes a sleeper: by so much may a read be stamped too late."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            before = clock()
            await asyncio.sleep(LAG_PERIOD_SECONDS)
            lags.append(max(0.0, (clock() - before) / 1e6 - LAG_PERIOD_SECONDS * 1e3))

    task = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
