"""One run of one program: started, watched, ended with its whole tree, its files taken out.

What this does not protect against: faults of the kernel, which program and host share (there is no virtual machine,
and the filter of system calls only takes away the most dangerous ones); covert timing between runs on the same cores;
use of processor time up to the time-out. Without bubblewrap a program also has the host's network, reads and signals
what its user may, and, where it cannot be given a uid of its own, can leave its tree and outlive the run.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from janus_platform.clock import Clock
from janus_platform.isolation import Isolation, leased_uid
from janus_platform.services.sandbox.limits import Limits
from janus_platform.services.sandbox.memory import LOOK_EVERY_SECONDS, MemoryGuard
from janus_platform.services.sandbox.scratch import CACHE, Artifact
from janus_platform.services.sandbox.start import Running, started
from janus_platform.services.sandbox.toolchains import Toolchain

TIMED_OUT = 124  # what timeout(1) of the GNU core utilities says
KILLED = 128 + 9
_READ_BYTES = 65_536


@dataclass(frozen=True)
class Outcome:
    """What came of a run. `exit_code` is the program's own, 128 + n after signal n, 124 when its time was up."""

    stdout: str
    stderr: str
    exit_code: int
    duration_seconds: float
    timed_out: bool
    truncated: bool
    out_of_memory: bool
    artifacts: tuple[Artifact, ...]
    artifacts_left_out: tuple[str, ...]


async def run(
    toolchain: Toolchain,
    code: str,
    *,
    timeout: float,
    limits: Limits,
    isolation: Isolation,
    guard: MemoryGuard,
    clock: Clock,
    cache: Path | None = None,
) -> Outcome:
    """Run `code` for at most `timeout` seconds.

    `cache` is a directory whose files are put into the run's cache directory (see `warm_up`). Raises OSError when the
    sandbox itself cannot be set up.
    """
    try:
        with leased_uid(isolation) as uid:
            async with started(toolchain, isolation, limits, guard, uid) as running:
                running.scratch.put(toolchain.source, code.encode())
                for file in sorted(cache.glob("*.json")) if cache else ():
                    running.scratch.put(file.name, file.read_bytes(), folder=f"{CACHE}/matplotlib")
                return await _watched(running, timeout, limits, guard, clock)
    finally:
        await guard.close()


async def _watched(running: Running, timeout: float, limits: Limits, guard: MemoryGuard, clock: Clock) -> Outcome:
    flooded = asyncio.Event()
    out, err = (_Capped(stream, limits, flooded) for stream in (running.stdout, running.stderr))
    readers = asyncio.gather(out.read(), err.read())
    began = clock.now()
    running.let_go()
    try:
        cause = await _first_of(running, timeout, flooded, guard, limits, clock)
        duration, ended = clock.now() - began, running.child.exit_code
    finally:
        await running.end()
        await readers
    artifacts, left_out = await asyncio.to_thread(
        running.scratch.collect, max_files=limits.artifacts, max_bytes=limits.artifact_bytes
    )
    return Outcome(
        stdout=out.text(),
        stderr=err.text(),
        exit_code=_exit_code(cause, ended),
        duration_seconds=duration,
        timed_out=cause == "time",
        truncated=out.truncated or err.truncated,
        out_of_memory=guard.struck(),
        artifacts=tuple(artifacts),
        artifacts_left_out=tuple(left_out),
    )


async def _first_of(
    running: Running, timeout: float, flooded: asyncio.Event, guard: MemoryGuard, limits: Limits, clock: Clock
) -> str:
    """Wait for the end, or for a reason to bring it about: "end", "time", "flood" or "limit"."""

    async def over_a_limit() -> None:
        while not await asyncio.to_thread(running.over_a_limit, guard, limits):
            await clock.sleep(LOOK_EVERY_SECONDS)

    causes = {
        asyncio.ensure_future(running.child.wait()): "end",
        asyncio.ensure_future(clock.sleep(timeout)): "time",
        asyncio.ensure_future(flooded.wait()): "flood",
        asyncio.ensure_future(over_a_limit()): "limit",
    }
    try:
        done, _ = await asyncio.wait(causes, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in causes:
            task.cancel()
        await asyncio.gather(*causes, return_exceptions=True)
    happened = [causes[task] for task in causes if task in done]
    return happened[0]


def _exit_code(cause: str, ended: int | None) -> int:
    if cause == "time":
        return TIMED_OUT
    if cause != "end" or ended is None:
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
