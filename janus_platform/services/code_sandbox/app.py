"""The code sandbox (FR-3): runs a program apart from the host and returns its output and the files it wrote.

`POST /execute` takes `language`, `code`, `timeout`, and optionally `stdin` and `files`; the contract names every field
of its answer. `files` are those at the top of the working directory, which is also `$OUTPUT_DIR`; what else is there,
except hidden files, is named. `GET /capabilities` says which isolation layer is in use and what it guarantees
(guarantees.py), which languages are installed, and the limits. A caller that leaves ends its run. What no layer
protects against stands in run.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
from opentelemetry.trace import get_current_span
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.clock import SystemClock
from janus_platform.contract import CodeSandboxService, SandboxBounds, load_contract
from janus_platform.isolation.layers import Isolation, detect
from janus_platform.isolation.memory import MemoryGuard, guard_maker
from janus_platform.services.code_sandbox.guarantees import guarantees, meanings
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.queue import QueueFullError, Slots, StandbyPool
from janus_platform.services.code_sandbox.request import program_of
from janus_platform.services.code_sandbox.run import Outcome, PreparedSandbox, Program, prepare
from janus_platform.services.code_sandbox.run_cache import FONT_PROGRAM, RunCache
from janus_platform.services.code_sandbox.toolchains import (
    Toolchain,
    ToolchainMissingError,
    installed,
    survey,
    toolchain,
)
from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.framework.problem import Problem

STANDBYS = 2
_CLIENT_CLOSED = 499  # What nginx logs for a client that closed the connection; nobody receives it.
log = logging.getLogger("janus.services.code_sandbox")


def build(
    context: ServiceContext,
    *,
    cache_dir: Path | None = None,
    isolation: Isolation | None = None,
    max_running: int | None = None,
    max_waiting: int | None = None,
) -> ASGIApp:
    """The service's ASGI app.

    `cache_dir` is where `warm_up` left its files; without it a first plot and every Go program take seconds.
    `isolation` is the layer to use, by default the best there is. At most `max_running` programs run at once and
    `max_waiting` wait, by default the contract's numbers and no more than fit into memory; more are answered 503.
    """
    service = context.contract.code_sandbox
    bounds = service.bounds
    running = max_running or _fitting(bounds.running, Limits.of(service).memory)
    slots = Slots(running, bounds.waiting if max_waiting is None else max_waiting, bounds.wait_seconds)
    sandbox = _Sandbox(context, service, isolation or detect(), RunCache(cache_dir), slots)
    return build_service(
        service,
        context,
        sandbox.execute,
        health=sandbox.health,
        extra_routes=[Route(service.extra_endpoints[0].path, sandbox.capabilities, methods=["GET"])],
        lifespan=sandbox.lifespan,
    )


def warm_up(cache_dir: Path) -> tuple[str, ...]:
    """Prepare what runs need once: matplotlib's list of fonts and, where Go is installed, its compiled library.

    Takes seconds, with Go the better part of a minute, the first time, and nothing later. Runs work without either:
    what could not be prepared is returned, a sentence each. Blocks; call it outside an event loop. Raises OSError when
    `cache_dir` cannot be made.
    """
    warm = RunCache(cache_dir)
    warm.made()
    notes = []
    for what, prepared in (("first plot", _warm_fonts), ("Go program", _warm_go)):
        try:
            prepared(warm)
        except OSError as error:
            notes.append(f"Every {what} in the sandbox will take seconds: {error}")
    return tuple(notes)


def _warm_fonts(warm: RunCache) -> None:
    python = toolchain("python")
    if warm.ready(python):
        return
    outcome = asyncio.run(_run_once(python, Program(FONT_PROGRAM)))
    if outcome.exit_code != 0:
        lines = outcome.stderr.strip().splitlines() or [f"exit code {outcome.exit_code}"]
        raise OSError(f"matplotlib's list of fonts could not be made ({lines[-1]})")
    warm.keep_fonts(outcome.files)


def _warm_go(warm: RunCache) -> None:
    try:
        go = toolchain("go")
    except ToolchainMissingError:
        return
    if not warm.ready(go):
        warm.compile_go(go)


async def _run_once(tools: Toolchain, program: Program) -> Outcome:
    service = load_contract().code_sandbox
    limits = Limits.of(service)
    guard = guard_maker(limits.memory, sockets=limits.sockets)()
    prepared = await prepare(tools, limits=limits, isolation=detect(), guard=guard, warm=RunCache())
    try:
        return await prepared.execute(program, float(service.max_timeout_seconds), SystemClock())
    finally:
        await prepared.close()


class _Sandbox:
    """The endpoints, and what stands between them and the runs."""

    def __init__(
        self, context: ServiceContext, service: CodeSandboxService, isolation: Isolation, warm: RunCache, slots: Slots
    ) -> None:
        self._context, self._service, self._bounds = context, service, service.bounds
        self._isolation, self._warm, self._slots = isolation, warm, slots
        self._limits = Limits.of(service)
        self._make_guard: Callable[[], MemoryGuard] = guard_maker(self._limits.memory, sockets=self._limits.sockets)
        self._standbys = StandbyPool(self._prepare, STANDBYS)
        self._runs: set[asyncio.Task[Any]] = set()
        guard = self._make_guard()
        self._guarantees = guarantees(isolation, guard.kind, counts_sockets=guard.counts_sockets)
        guard.discard()

    async def execute(self, request: Request) -> Response:
        """`POST /execute`."""
        body = await read_json(request, self._service, max_bytes=self._bounds.max_body_bytes)
        tools = await _toolchain_or_problem(body["language"])
        program = program_of(body, tools.source)
        outcome = await _unless_disconnected(request, self._in_turn(tools, program, float(body["timeout"])))
        if outcome is None:
            return Response(status_code=_CLIENT_CLOSED)
        span = get_current_span()
        span.set_attribute("janus.sandbox.language", tools.language)
        span.set_attribute("janus.sandbox.seconds", outcome.duration_seconds)
        span.set_attribute("janus.sandbox.exit_code", outcome.exit_code)
        return JSONResponse({**_body(outcome), "isolation": self._isolation.layer, "promises": self._guarantees})

    async def capabilities(self, _: Request) -> Response:
        """`GET /capabilities`."""
        return JSONResponse(
            {
                "isolation": self._isolation.layer,
                "promises": self._guarantees,
                "meanings": meanings(self._guarantees),
                "reasons": list(self._isolation.reasons),
                "languages": await asyncio.to_thread(self._languages),
                "limits": {
                    "timeout_seconds": self._service.max_timeout_seconds,
                    "memory_bytes": self._limits.memory,
                    **msgspec.structs.asdict(self._bounds),
                },
            }
        )

    def health(self) -> dict[str, Any]:
        """The layer in use and why no better one, the memory guard, the languages, and how busy it is."""
        return {
            "isolation": self._isolation.describe(),
            "memory_guard": self._guarantees["memory_guard"],
            "languages": {language: installed(language) for language in self._service.languages},
            "running": self._slots.running,
            "waiting": self._slots.waiting,
        }

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Keep sandboxes standing; at shutdown, end what still runs and take them down."""
        self._standbys.open = True
        yield
        for task in self._runs:
            task.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        await self._standbys.close()
        self._make_guard().discard()  # Making one sweeps what earlier runs could not remove.

    async def _in_turn(self, tools: Toolchain, program: Program, timeout: float) -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        self._runs.add(task)
        try:
            async with self._slots:
                prepared = await self._standbys.take(tools)
                try:
                    return await prepared.execute(program, timeout, self._context.clock)
                finally:
                    await self._standbys.give_back(prepared)
        except QueueFullError:
            raise _full(self._slots, self._bounds) from None
        except OSError as error:
            log.warning("sandbox could not be set up error=%s", type(error).__name__)
            raise Problem(503, "sandbox-unavailable", "The sandbox could not be set up", f"{error}") from error
        finally:
            self._runs.discard(task)

    async def _prepare(self, tools: Toolchain) -> PreparedSandbox:
        guard = self._make_guard()
        return await prepare(tools, limits=self._limits, isolation=self._isolation, guard=guard, warm=self._warm)

    def _languages(self) -> dict[str, dict[str, Any]]:
        languages: dict[str, dict[str, Any]] = {}
        for language, tools in survey(self._service.languages).items():
            if isinstance(tools, ToolchainMissingError):
                why = {"reason": tools.reason, "install": tools.install}
                languages[language] = {"installed": False, "prepared": False, **why}
            else:
                languages[language] = {"installed": True, "prepared": self._warm.ready(tools)}
        return languages


async def _unless_disconnected(request: Request, work: Coroutine[Any, Any, Outcome]) -> Outcome | None:
    """What `work` gives, or None when the caller left first; then the work has been cancelled and has ended."""
    doing, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await doing if doing.done() else None
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _toolchain_or_problem(language: str) -> Toolchain:
    try:
        return await asyncio.to_thread(toolchain, language)
    except ToolchainMissingError as missing:
        raise Problem(
            501,
            "toolchain-missing",
            "A toolchain is not installed",
            f"{language} has no working toolchain here: {missing.reason}. To install one: {missing.install}.",
            language=language,
            install=missing.install,
        ) from None


def _body(outcome: Outcome) -> dict[str, Any]:
    return {
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "exit_code": outcome.exit_code,
        "files": [file.plain() for file in outcome.files],
        "files_left_out": list(outcome.files_left_out),
        "files_left_out_count": outcome.number_left_out,
        "duration_ms": round(outcome.duration_seconds * 1000, 3),
        "timed_out": outcome.ended_by == "time",
        "oom": outcome.out_of_memory,
        "truncated": bool(outcome.truncated),
        "truncated_streams": list(outcome.truncated),
        "ended_by": outcome.ended_by,
    }


def _fitting(most: int, memory: int) -> int:
    """How many runs may go on at once: `most`, but never more than half of the machine's memory could hold."""
    return max(2, min(most, int(psutil.virtual_memory().total) // (2 * memory)))


def _full(slots: Slots, bounds: SandboxBounds) -> Problem:
    return Problem(
        503,
        "sandbox-full",
        "The sandbox is busy",
        f"{slots.most_running} programs run at once and {slots.most_waiting} may wait, each at most "
        f"{bounds.wait_seconds} s. Send it again in a few seconds.",
        headers={"Retry-After": str(bounds.retry_after_seconds)},
    )
