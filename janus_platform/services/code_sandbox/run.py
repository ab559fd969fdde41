"""One run of one program: made ready, filled, watched, ended with its whole tree, its files taken out.

What this does not protect against: faults of the kernel, which program and host share (there is no virtual machine,
and the filter of system calls only takes away the most dangerous ones); covert timing between runs on the same cores;
use of processor time up to the time-out. What each layer holds beyond that, guarantees.py says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from janus_platform.clock import Clock
from janus_platform.isolation.layers import Isolation
from janus_platform.isolation.memory import LOOK_EVERY_SECONDS, MemoryGuard
from janus_platform.isolation.uids import free_uid, release_uid
from janus_platform.services.code_sandbox.launch import start_in_bubblewrap, start_plain_process
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.run_cache import RunCache
from janus_platform.services.code_sandbox.scratch import WrittenFile
from janus_platform.services.code_sandbox.start import Excess, StartedProgram
from janus_platform.services.code_sandbox.toolchains import Toolchain

TIMED_OUT = 124  # what timeout(1) of the GNU core utilities says
KILLED = 128 + 9
_READ_BYTES = 65_536
_DRAIN_SECONDS = 2.0  # what a pipe holds is read in milliseconds
_EXTREMES = 4_096  # characters of standard error

Cause = Literal["program", "time", "output", "memory", "disk", "processes"]


@dataclass(frozen=True)
class Program:
    """What to run: source text, standard input, and files for its working directory."""

    code: str
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a run. `exit_code` is the program's own, 128 + n after signal n, 124 when its time was up.

    `ended_by` says what ended it, `truncated` which of the streams were cut. `out_of_memory` is also set where a
    program that failed says itself that it was given no more memory.
    """

    stdout: str
    stderr: str
    exit_code: int
    duration_seconds: float
    ended_by: Cause
    truncated: tuple[str, ...]
    files: tuple[WrittenFile, ...]
    files_left_out: tuple[str, ...]
    number_left_out: int
    out_of_memory: bool


class PreparedSandbox:
    """A sandbox that stands ready for one run."""

    def __init__(
        self, toolchain: Toolchain, limits: Limits, guard: MemoryGuard, running: StartedProgram, uid: int | None
    ) -> None:
        self.toolchain = toolchain
        self._limits, self._guard, self._running, self._uid = limits, guard, running, uid

    @property
    def alive(self) -> bool:
        """Whether it still stands."""
        return self._running.child.exit_code is None

    async def execute(self, program: Program, timeout: float, clock: Clock) -> Outcome:
        """Run `program` for at most `timeout` seconds; when this returns or raises, nothing of it runs any more.

        Raises OSError when its files do not fit.
        """
        running, limits = self._running, self._limits
        flooded = asyncio.Event()
        out, err = (_Capped(stream, limits, flooded) for stream in (running.stdout, running.stderr))
        try:
            running.scratch.put(self.toolchain.source, program.code.encode())
            for name, content in program.files.items():
                running.scratch.put(name, content)
            streams = asyncio.gather(out.read(), err.read(), running.release(program.stdin))
            began = clock.now()
            try:
                cause = await self._first_cause(timeout, flooded, clock)
                duration = clock.now() - began
            finally:
                await running.end()
                await self._drained(streams)
        finally:
            await running.end()
        files, left_out, number_left_out = await asyncio.to_thread(
            running.scratch.collect, max_files=limits.returned, max_bytes=limits.returned_bytes
        )
        if self._guard.struck():
            cause = "memory"
        exit_code = _exit_code(cause, running.child.exit_code)
        return Outcome(
            stdout=out.text(),
            stderr=err.text(),
            exit_code=exit_code,
            duration_seconds=duration,
            ended_by=cause,
            truncated=tuple(name for name, stream in (("stdout", out), ("stderr", err)) if stream.truncated),
            files=tuple(files),
            files_left_out=tuple(left_out),
            number_left_out=number_left_out,
            out_of_memory=cause == "memory" or (exit_code != 0 and self._wanted_memory(err.text())),
        )

    async def _drained(self, streams: asyncio.Future[Any]) -> None:
        """Wait for the rest of the output; where no layer ends every process, one left behind may hold it open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await streams

    def _wanted_memory(self, stderr: str) -> bool:
        # Go says it before the list of its goroutines, the others say it last.
        ends = stderr[:_EXTREMES] + stderr[-_EXTREMES:]
        return any(words in ends for words in self.toolchain.no_memory)

    async def close(self) -> None:
        """End it, if it was not, and take it down."""
        try:
            await self._running.end()
        finally:
            self._running.child.close_output()
            await asyncio.to_thread(self._running.close)
            await self._guard.close()
            if self._uid is not None:
                release_uid(self._uid)

    async def _first_cause(self, timeout: float, flooded: asyncio.Event, clock: Clock) -> Cause:
        """Wait for the program's end, or for a reason to bring it about."""

        async def excess() -> Excess:
            while True:
                await clock.sleep(LOOK_EVERY_SECONDS)
                if reason := await asyncio.to_thread(self._running.excess, self._guard, self._limits):
                    return reason

        watch = asyncio.create_task(excess())
        causes: dict[asyncio.Task[Any], Cause] = {
            asyncio.create_task(self._running.ended()): "program",
            asyncio.create_task(clock.sleep(timeout)): "time",
            asyncio.create_task(flooded.wait()): "output",
        }
        try:
            done, _ = await asyncio.wait({*causes, watch}, return_when=asyncio.FIRST_COMPLETED)
            happened: list[Cause] = [cause for task, cause in causes.items() if task in done]
            return happened[0] if happened else await watch
        finally:
            for task in (*causes, watch):
                task.cancel()
            await asyncio.gather(*causes, watch, return_exceptions=True)


async def prepare(
    toolchain: Toolchain, *, limits: Limits, isolation: Isolation, guard: MemoryGuard, warm: RunCache
) -> PreparedSandbox:
    """A sandbox for `toolchain`, up to the point where only the program is missing. The guard is closed with it.

    Raises OSError when it cannot be set up.
    """
    start = start_in_bubblewrap if isolation.layer == "bubblewrap" else start_plain_process
    async with contextlib.AsyncExitStack() as on_failure:
        on_failure.push_async_callback(guard.close)
        uid = free_uid() if isolation.own_uid else None
        if uid is not None:
            on_failure.callback(release_uid, uid)
        running = await start(warm.widen(toolchain), isolation, limits, guard, uid)
        prepared = PreparedSandbox(toolchain, limits, guard, running, uid)
        on_failure.pop_all()
    try:
        await asyncio.to_thread(warm.fill, toolchain, running.scratch)
    except BaseException:
        await prepared.close()
        raise
    return prepared


def _exit_code(cause: Cause, ended: int | None) -> int:
    if cause == "time":
        return TIMED_OUT
    if ended is None or cause in ("output", "disk", "processes"):
        return KILLED
    return 128 - ended if ended < 0 else ended


class _Capped:
    """Reads a stream to its end and keeps its first bytes; sets `flooded` when there is absurdly much."""

    def __init__(self, stream: asyncio.StreamReader, limits: Limits, flooded: asyncio.Event) -> None:
        self._stream, self._limits, self._flooded = stream, limits, flooded
        self._kept = bytearray()
        self._seen = 0

    @property
    def truncated(self) -> bool:
        return self._seen > self._limits.output

    async def read(self) -> None:
        while part := await self._stream.read(_READ_BYTES):
            self._seen += len(part)
            self._kept += part[: self._limits.output - len(self._kept)]
            if self._seen > self._limits.flood:
                self._flooded.set()

    def text(self) -> str:
        return self._kept.decode("utf-8", errors="replace")
