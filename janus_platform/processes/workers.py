"""Worker processes for input that is too large for the event loop.

One call such as `json.loads` on 10 MB keeps every other request waiting, in a thread too: it does not let go of the
interpreter's lock. So whatever a stranger may send large is parsed and answered here, within a limit of time and of
memory, and only a small answer comes back. What is small stays on the loop: a process costs half a millisecond.
"""

from __future__ import annotations

import asyncio
import copyreg
import os
import pickle
import subprocess
import sys
from types import MappingProxyType
from typing import Any

from janus_platform.errors import PlatformError
from janus_platform.processes.child import Child
from janus_platform.processes.worker_process import LENGTHS, read_answer

LIMIT_SECONDS = 20.0
PROCESSES, MAX_WAITING = 2, 32
# Python keeps the memory of a large job; the process that did one makes room for a new one.
RETIRING_BYTES = 2_000_000
_SLICE = 1 << 18
_WORKER = "janus_platform.processes.worker_process"
# What an interpreter may need to start. It reads what strangers send, so it gets no key and no proxy.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL")


def _as_dict(view: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return dict, (dict(view),)


# The contract's tables are read-only views, which a pickle does not know: a worker gets plain dicts.
copyreg.pickle(MappingProxyType, _as_dict)


class WorkerError(PlatformError):
    """A job was not done."""


class TooManyJobsError(WorkerError):
    """As many jobs are waiting as may wait."""


class JobFailedError(WorkerError):
    """The job took too long or too much memory, or failed; the message says which."""


class Workers:
    """Runs functions on bytes in processes that start when first needed."""

    def __init__(self, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit = limit_seconds
        self._idle: list[Child] = []
        self._places = asyncio.Semaphore(PROCESSES)
        self._waiting = 0

    async def run(self, function: str, body: bytes, **options: Any) -> tuple[Any, bytes]:
        """What `function` ("module:name") gives for `body`: what JSON can carry, and bytes. Raises WorkerError."""
        if self._waiting >= MAX_WAITING:
            raise TooManyJobsError("too many large requests at once")
        self._waiting += 1
        try:
            async with self._places:
                return await self._run(pickle.dumps((function, options)), body)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the processes."""
        idle, self._idle = self._idle, []
        for child in idle:
            await _ended(child)

    async def _run(self, head: bytes, body: bytes) -> tuple[Any, bytes]:
        child = await self._child()
        done = False
        try:
            async with asyncio.timeout(self._limit):
                said, made = await _exchange(child, head, body)
            done = len(body) < RETIRING_BYTES
        except TimeoutError:
            raise JobFailedError(f"it took longer than {self._limit:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise JobFailedError("the process that was working on it ended") from None
        finally:
            # The answer to a job that was given up would be taken for that to the next one.
            self._idle.append(child) if done else await asyncio.shield(_ended(child))
        try:
            return read_answer(said), made
        except RuntimeError as error:
            raise JobFailedError(f"it failed with {error}") from None

    async def _child(self) -> Child:
        while self._idle:
            child = self._idle.pop()
            if child.exit_code is None:
                return child
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        argv = [sys.executable, "-I", "-m", _WORKER]
        return await Child.start(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def _exchange(child: Child, head: bytes, body: bytes) -> tuple[bytes, bytes]:
    pipe, answers = child.stdin, child.stdout
    assert pipe is not None and answers is not None
    view = memoryview(body)
    pipe.write(LENGTHS.pack(len(head), len(body)) + head)
    for start in range(0, len(body), _SLICE):
        pipe.write(view[start : start + _SLICE])
        await pipe.drain()
    said, made = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
    return await answers.readexactly(said), await answers.readexactly(made)


async def _ended(child: Child) -> None:
    child.kill()
    await child.wait()
