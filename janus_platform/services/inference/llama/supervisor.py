"""The keeper of llama.cpp's process: starts it, says how it is, starts it again when it ends, and ends it.

A file that llama.cpp cannot load is not tried again: it would fail in the same way. A process that had been ready and
ended is started again, after waits that double.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from janus_platform.clock import Clock
from janus_platform.contract import ModelEngineRules
from janus_platform.processes.child import Child
from janus_platform.services.inference.llama.child import READY as READY_LINE

log = logging.getLogger("janus.services.inference")
LOADING, READY, RESTARTING, FAILED, ENDED = "loading", "ready", "restarting", "failed", "ended"
_PROGRAM = "janus_platform.services.inference.llama.child"
_READY = READY_LINE.encode() + b"\n"
# Nothing of the platform's environment is llama.cpp's business; where its libraries lie is.
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# Where it gives up, it would look for a debugger first, which takes seconds.
_SET = {"PATH": os.defpath, "GGML_NO_BACKTRACE": "1"}
_KEPT_LINES, _LINE = 50, 300
# The first such line says what is wrong, those after it that llama.cpp therefore gives up.
_COMPLAINT = re.compile(r"GGML_ASSERT.*|error loading.*|\berror:.*")


@dataclass(frozen=True)
class Launch:
    """What llama.cpp is started with: model file, socket, tokens and number of its slots, and its threads."""

    path: Path
    socket: Path
    context: int
    slots: int
    threads: int


class Supervisor:
    """Keeps one process by `launch`. `learn` is awaited each time it is ready, before it is said to be."""

    def __init__(
        self, launch: Launch, rules: ModelEngineRules, clock: Clock, learn: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self.launch, self._rules, self._clock, self._learn = launch, rules, clock, learn
        self.key = secrets.token_urlsafe(24)
        self.state, self.reason, self.restarts = LOADING, "", 0
        self._decided = asyncio.Event()
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def start(self) -> None:
        """Begin to load; `decided` waits for how that ends."""
        self._keeping = asyncio.create_task(self._keep())

    async def decided(self) -> str:
        """The state, once the first loading has ended one way or the other."""
        await self._decided.wait()
        return self.state

    @property
    def memory_bytes(self) -> int:
        """What its process holds in memory; 0 while there is none."""
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(self.child_pid).memory_info().rss) if self.child_pid else 0
        return 0

    @property
    def child_pid(self) -> int:
        """Its process; 0 while there is none."""
        return self._child.pid if self._child is not None and self._child.exit_code is None else 0

    async def close(self) -> None:
        """End the process."""
        self.state = ENDED
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self._decided.set()

    async def _keep(self) -> None:
        failures = 0
        while True:
            is_ready = await self._run_once()
            if not self._decided.is_set() and not is_ready:
                self.state = FAILED
                log.error("the model cannot be loaded: %s", self.reason)
                self._decided.set()
                return
            failures = 0 if is_ready else failures + 1
            self.restarts += 1
            wait = min(self._rules.restart_seconds * 2**failures, self._rules.max_restart_seconds)
            log.warning("the model's process ended: %s; it starts again in %g s", self.reason, wait)
            await self._clock.sleep(wait)

    async def _run_once(self) -> bool:
        """Run the process to its end; whether it had become ready."""
        self.launch.socket.unlink(missing_ok=True)
        self._last_lines.clear()
        try:
            child = await Child.start(
                [sys.executable, "-I", "-m", _PROGRAM],
                env={**_SET, **{name: os.environ[name] for name in _KEPT if name in os.environ}},
                cwd=self.launch.socket.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            self.reason = f"its process cannot be started: {error.strerror or error}"
            return False
        self._child, is_ready = child, False
        complaints = asyncio.create_task(self._listen(child))
        try:
            is_ready = await self._loaded(child)
            if is_ready:
                await self._learn()
                self.state, self.reason = READY, ""
                self._decided.set()
                await child.wait()
        except Exception as error:  # Whatever its first answers are: it is then not ready, and ends.
            log.exception("the model's process answers oddly")
            self.reason = f"it answers oddly ({type(error).__name__})"
            is_ready = False
        finally:
            if self.state != ENDED:
                self.state = RESTARTING
            code = await child.end()
            child.close_output()
            complaints.cancel()
            await asyncio.gather(complaints, return_exceptions=True)
            self.reason = self.reason or self._why(code)
        return is_ready

    async def _loaded(self, child: Child) -> bool:
        assert child.stdin is not None and child.stdout is not None
        self.reason = ""
        launch = self.launch
        fields = {"path": str(launch.path), "socket": str(launch.socket), "key": self.key}
        numbers = {"context": launch.context, "slots": launch.slots, "threads": launch.threads}
        try:
            async with asyncio.timeout(self._rules.load_seconds):
                child.stdin.write(json.dumps(fields | numbers).encode() + b"\n")
                await child.stdin.drain()
                while (line := await child.stdout.readline()) not in (b"", _READY):
                    pass  # llama.cpp may have something to say there too.
                return line == _READY
        except TimeoutError:
            self.reason = f"it was not loaded within {self._rules.load_seconds} s"
        except OSError:
            pass  # It ended before it read; its exit code says more.
        return False

    async def _listen(self, child: Child) -> None:
        """Keep the last lines of what it complains of while it loads; later ones may tell of requests."""
        assert child.stderr is not None
        while part := await child.stderr.read(65_536):
            if self.state in (LOADING, RESTARTING):
                self._last_lines += part.decode(errors="replace").splitlines()

    def _why(self, code: int) -> str:
        if any("No module named 'xllamacpp'" in line for line in self._last_lines):
            return "xllamacpp is not installed"
        said = next((found[0] for line in self._last_lines if (found := _COMPLAINT.search(line))), "")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"its process ended ({how}){': ' if said else ''}{said[:_LINE]}"
