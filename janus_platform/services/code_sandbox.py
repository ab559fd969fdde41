"""The code sandbox (FR-3): runs a program apart from the host and hands back what it said and the files it wrote.

`POST /execute` takes `language`, `code` and `timeout`. Besides the contract's `stdout`, `stderr` and `exit_code` the
answer has: `artifacts` (the files at the top of the working directory, which is also `$OUTPUT_DIR`; hidden ones are
left out) and `artifacts_left_out` (names beyond the bounds of number and size), `duration_seconds`, `timed_out` (then
`exit_code` is 124), `truncated` (a stream was over 1 MB), `out_of_memory` (then usually 137) and `isolation`, the
layer in use: see janus_platform/isolation.py for what each layer holds, and sandbox/run.py for what none of them does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from opentelemetry.trace import get_current_span
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.clock import SystemClock
from janus_platform.contract import Service, load_contract
from janus_platform.isolation import Isolation, detect
from janus_platform.services.problem import Problem
from janus_platform.services.sandbox.limits import Limits
from janus_platform.services.sandbox.memory import MemoryGuard, guard_maker
from janus_platform.services.sandbox.run import Outcome, run
from janus_platform.services.sandbox.toolchains import Toolchain, ToolchainMissing, installed, toolchain
from janus_platform.services.service import ServiceContext, build_service, read_json

MAX_WAITING = 32
FONT_CACHE = "sandbox-matplotlib"
_WARM_UP = """
import os
os.environ["MPLCONFIGDIR"] = os.environ["OUTPUT_DIR"]
import matplotlib.font_manager
"""
log = logging.getLogger("janus.services.code_sandbox")


def build(
    context: ServiceContext,
    *,
    cache_dir: Path | None = None,
    isolation: Isolation | None = None,
    max_running: int | None = None,
    max_waiting: int = MAX_WAITING,
) -> ASGIApp:
    """The service's ASGI app.

    `cache_dir` is where `warm_up` left its files; without it a first plot takes seconds. `isolation` is the layer to
    use, by default the best there is. At most `max_running` programs run at once (by default one a core, at least 2)
    and `max_waiting` wait; further ones are answered 503.
    """
    service = context.contract.services["code_sandbox"]
    sandbox = _Sandbox(context, service, isolation or detect(), cache_dir, max_running or _cores(), max_waiting)
    return build_service(service, context, sandbox.execute, health=sandbox.health, lifespan=sandbox.lifespan)


def warm_up(cache_dir: Path) -> None:
    """Prepare what runs need once: matplotlib's list of fonts, made in the sandbox, whose fonts it must describe.

    Takes a few seconds the first time and nothing later. Blocks; call it outside an event loop. Raises OSError when the
    sandbox cannot be set up or `cache_dir` not be written.
    """
    target = cache_dir / FONT_CACHE
    if target.is_dir():
        return
    service = load_contract().services["code_sandbox"]
    limits = _limits(service)
    outcome = asyncio.run(
        run(
            toolchain("python"),
            _WARM_UP,
            timeout=float(service.max_timeout_seconds or 60),
            limits=limits,
            isolation=detect(),
            guard=guard_maker(limits.memory)(),
            clock=SystemClock(),
        )
    )
    if outcome.exit_code != 0:
        raise OSError(f"matplotlib's font list could not be made: {outcome.stderr.strip()[-300:]}")
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as made:
        ready = Path(made, "ready")
        ready.mkdir()
        for artifact in outcome.artifacts:
            (ready / artifact.name).write_bytes(artifact.content)
        if not target.is_dir():
            os.replace(ready, target)  # All at once: a run never sees half of it.


class _Sandbox:
    """The queue before the runs, and the endpoint."""

    def __init__(
        self,
        context: ServiceContext,
        service: Service,
        isolation: Isolation,
        cache_dir: Path | None,
        max_running: int,
        max_waiting: int,
    ) -> None:
        self._context, self._service, self._isolation = context, service, isolation
        self._cache = cache_dir / FONT_CACHE if cache_dir else None
        self._limits = _limits(service)
        self._make_guard: Callable[[], MemoryGuard] = guard_maker(self._limits.memory)
        self._slots, self._max_running = asyncio.Semaphore(max_running), max_running
        self._waiting, self._max_waiting = 0, max_waiting
        self._runs: set[asyncio.Task[Any]] = set()
        guard = self._make_guard()
        self._guard_kind = guard.kind
        guard.discard()

    async def execute(self, request: Request) -> Response:
        """`POST /execute`."""
        asked = await read_json(request, self._service)
        tools = await _toolchain_or_problem(asked["language"])
        outcome = await self._in_turn(tools, asked["code"], float(asked["timeout"]))
        span = get_current_span()
        span.set_attribute("janus.sandbox.language", tools.language)
        span.set_attribute("janus.sandbox.seconds", outcome.duration_seconds)
        span.set_attribute("janus.sandbox.exit_code", outcome.exit_code)
        return JSONResponse(_plain(outcome, self._isolation))

    def health(self) -> dict[str, Any]:
        """The layer in use and why no better one, the memory guard, the languages, and how busy it is."""
        return {
            "isolation": self._isolation.describe(),
            "memory_guard": self._guard_kind,
            "languages": {language: installed(language) for language in self._service.languages},
            "running": len(self._runs),
            "waiting": self._waiting,
        }

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """At shutdown, end what still runs."""
        yield
        for task in self._runs:
            task.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        self._make_guard().discard()  # Making one sweeps what earlier runs could not remove.

    async def _in_turn(self, tools: Toolchain, code: str, timeout: float) -> Outcome:
        if self._slots.locked() and self._waiting >= self._max_waiting:
            raise _full(self._max_running, self._max_waiting)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._run(tools, code, timeout)
        finally:
            self._slots.release()

    async def _run(self, tools: Toolchain, code: str, timeout: float) -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        self._runs.add(task)
        try:
            return await run(
                tools,
                code,
                timeout=timeout,
                limits=self._limits,
                isolation=self._isolation,
                guard=self._make_guard(),
                clock=self._context.clock,
                cache=self._cache,
            )
        except OSError as error:
            log.warning("sandbox could not be set up error=%s", type(error).__name__)
            raise Problem(503, "sandbox-unavailable", "The sandbox could not be set up", f"{error}") from error
        finally:
            self._runs.discard(task)


async def _toolchain_or_problem(language: str) -> Toolchain:
    try:
        return await asyncio.to_thread(toolchain, language)
    except ToolchainMissing as missing:
        raise Problem(
            501,
            "toolchain-missing",
            "A toolchain is not installed",
            f"{language} has no working toolchain here. Install it ({missing.install}), then send this again.",
            language=language,
            install=missing.install,
        ) from None


def _plain(outcome: Outcome, isolation: Isolation) -> dict[str, Any]:
    return {
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "exit_code": outcome.exit_code,
        "artifacts": [artifact.plain() for artifact in outcome.artifacts],
        "artifacts_left_out": list(outcome.artifacts_left_out),
        "duration_seconds": round(outcome.duration_seconds, 6),
        "timed_out": outcome.timed_out,
        "truncated": outcome.truncated,
        "out_of_memory": outcome.out_of_memory,
        "isolation": isolation.layer,
    }


def _limits(service: Service) -> Limits:
    assert service.max_memory_bytes is not None
    return Limits(memory=service.max_memory_bytes)


def _cores() -> int:
    return max(2, os.cpu_count() or 2)


def _full(running: int, waiting: int) -> Problem:
    return Problem(
        503,
        "sandbox-full",
        "The sandbox is busy",
        f"{running} programs run and {waiting} wait. Send it again in a few seconds.",
        headers={"Retry-After": "5"},
    )
