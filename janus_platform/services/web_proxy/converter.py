"""The web proxy's side of the conversion: worker processes with a time limit.

A thread would not do: a page can keep the parser or the converter busy for minutes, and neither that nor a crash in
native code can be stopped inside this process. A worker takes 0.1 s to start, is started when it is first needed, and
is replaced after a page that it could not finish in time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any, Protocol

from janus_platform.processes.child import Child
from janus_platform.services.framework.problem import Problem
from janus_platform.services.framework.turns import Turns, TurnsFullError
from janus_platform.services.web_proxy.worker import LENGTHS, frame

# A page of 1 MB takes 0.7 s, and five times that on a machine that has eight other things to do.
LIMIT_SECONDS = 5.0
# One caller has one of them at most, so its slow page leaves the other to everybody else.
WORKERS = 2
# More than the contract lets one caller ask for at once; a page that waits holds at most 1 MB.
MAX_WAITING_PER_CALLER = 16
MAX_WAITING = 96
_WORKER = "janus_platform.services.web_proxy.worker"
# What an interpreter may need to start. The worker reads hostile pages, so it gets no key and no proxy.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL")


class Converter(Protocol):
    """Makes text of a page."""

    async def convert(self, body: bytes, content_type: str, base_url: str, caller: str) -> tuple[str, str]:
        """The text, Markdown where the page is HTML, and its title.

        Raises Problem 502 when the page cannot be converted, 503 when too many are waiting.
        """

    async def warm(self) -> None:
        """Get ready, so that the first page need not wait."""

    async def close(self) -> None:
        """End whatever was started."""


class WorkerConverter:
    """Converts in a few worker processes. The pages of one caller wait for each other, not for those of others."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, workers: int = WORKERS) -> None:
        self._workers = [_Worker(limit_seconds) for _ in range(workers)]
        self._turns = Turns(reversed(self._workers), MAX_WAITING_PER_CALLER, MAX_WAITING)

    async def convert(self, body: bytes, content_type: str, base_url: str, caller: str) -> tuple[str, str]:
        """See Converter."""
        try:
            async with self._turns.turn(caller) as worker:
                head, text = await worker.ask({"base_url": base_url, "content_type": content_type}, body)
        except TurnsFullError:
            raise Problem(
                503, "busy", "Too many pages at once", "Other pages are being converted. Ask again in a moment.",
                headers={"Retry-After": "1"},
            ) from None  # fmt: skip
        if "error" in head:
            raise not_convertible(head["error"])
        return text.decode(), head["title"]

    async def warm(self) -> None:
        await self._workers[0].running()

    async def close(self) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))


class _Worker:
    """One worker process, and whether it can be trusted to be well."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._starting = asyncio.Lock()
        self.child: Child | None = None

    async def ask(self, request: dict[str, str], body: bytes) -> tuple[dict[str, Any], bytes]:
        """The worker's answer. A worker that ended before or during it is replaced, and asked once more."""
        for is_last in (False, True):
            child = await self.running()
            try:
                async with asyncio.timeout(self._limit):
                    return await _exchange(child, frame(request, body))
            except TimeoutError:
                await self.close()
                raise not_convertible(f"that took longer than {self._limit:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                # It may have been killed for what another page had it do, or by somebody who needed its memory.
                await self.close()
                if is_last:
                    raise not_convertible("the converter gave up on it") from None
            except asyncio.CancelledError:
                # Its answer would be taken for that to the next page.
                await self.close()
                raise
        raise AssertionError("unreachable")

    async def running(self) -> Child:
        """The process, started where there is none."""
        async with self._starting:
            if self.child is None or self.child.exit_code is not None:
                environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
                argv = [sys.executable, "-I", "-m", _WORKER]
                self.child = await Child.start(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            return self.child

    async def close(self) -> None:
        """End the process."""
        if self.child is not None:
            child, self.child = self.child, None
            child.kill()
            await child.wait()


def not_convertible(reason: str) -> Problem:
    """502: the page came, but no Markdown can be made of it."""
    return Problem(
        502,
        "not-convertible",
        "The page could not be converted",
        f"The page was fetched, but not converted: {reason}. Use another source.",
    )


async def _exchange(child: Child, request: bytes) -> tuple[dict[str, Any], bytes]:
    pipe, answers = child.stdin, child.stdout
    assert pipe is not None and answers is not None
    pipe.write(request)
    await pipe.drain()
    head_bytes, body_bytes = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
    head: dict[str, Any] = json.loads(await answers.readexactly(head_bytes))
    return head, await answers.readexactly(body_bytes)
