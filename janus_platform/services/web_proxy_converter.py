"""The web proxy's side of the conversion: a worker process with a time limit.

A thread would not do: 50 kB of nested quotations keep the converter busy for minutes, and neither that nor a crash in
native code can be stopped inside this process. The worker takes 0.1 s to start, is started once, and is replaced after
a page that it could not finish in time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any, Protocol

from janus_platform.processes import Child
from janus_platform.services.problem import Problem
from janus_platform.services.web_proxy_worker import LENGTH, frame

# A page of 1 MB takes 0.4 s, and five times that on a machine that has eight other things to do.
LIMIT_SECONDS = 5.0
MAX_WAITING = 8
_WORKER = "janus_platform.services.web_proxy_worker"
# What an interpreter may need to start. The worker reads hostile pages, so it gets no key and no proxy.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL")


class Converter(Protocol):
    """Turns a page into Markdown."""

    async def convert(self, html: str, base_url: str) -> tuple[str, str]:
        """Markdown and title. Raises Problem 502 when the page cannot be converted, 503 when too many are waiting."""

    async def warm(self) -> None:
        """Get ready, so that the first page need not wait."""

    async def close(self) -> None:
        """End whatever was started."""


class WorkerConverter:
    """Converts in one worker process, started when first needed. Pages wait for each other."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit = limit_seconds
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: Child | None = None

    async def convert(self, html: str, base_url: str) -> tuple[str, str]:
        """See Converter."""
        if self._waiting >= MAX_WAITING:
            raise Problem(
                503, "busy", "Too many pages at once", "Other pages are being converted. Ask again in a moment.",
                headers={"Retry-After": "1"},
            )  # fmt: skip
        self._waiting += 1
        try:
            async with self._turn:
                answer = await self._ask({"html": html, "base_url": base_url})
        finally:
            self._waiting -= 1
        if "error" in answer:
            raise not_convertible(answer["error"])
        return answer["markdown"], answer["title"]

    async def warm(self) -> None:
        async with self._turn:
            await self._running()

    async def close(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            child.kill()
            await child.wait()

    async def _ask(self, request: dict[str, str]) -> dict[str, Any]:
        child = await self._running()
        try:
            async with asyncio.timeout(self._limit):
                return await _exchange(child, frame(request))
        except TimeoutError:
            await self.close()
            raise not_convertible(f"that took longer than {self._limit:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.close()
            raise not_convertible("the converter gave up on it") from None
        except asyncio.CancelledError:
            # Its answer would be taken for that to the next page.
            await self.close()
            raise

    async def _running(self) -> Child:
        if self._child is None or self._child.exit_code is not None:
            environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            argv = [sys.executable, "-I", "-m", _WORKER]
            self._child = await Child.start(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._child


def not_convertible(reason: str) -> Problem:
    """502: the page came, but no Markdown can be made of it."""
    return Problem(
        502,
        "not-convertible",
        "The page could not be converted",
        f"The page was fetched, but not converted: {reason}. Use another source.",
    )


async def _exchange(child: Child, request: bytes) -> dict[str, Any]:
    pipe, answers = child.stdin, child.stdout
    assert pipe is not None and answers is not None
    pipe.write(request)
    await pipe.drain()
    head = await answers.readexactly(LENGTH.size)
    answer: dict[str, Any] = json.loads(await answers.readexactly(LENGTH.unpack(head)[0]))
    return answer
