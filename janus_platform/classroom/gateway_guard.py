"""The guard before the gateway, for learners: who is asking, how much at once, and what each of them is shown.

It wraps the gateway's ASGI app; the tunnel server has put the learner's id into the scope's state.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from janus_platform.classroom.namespaces import ASKING, short
from janus_platform.gateway.app import canonical

KEPT_TRACES = 200
IMPLEMENTATION = b"x-janus-implementation"
Leaderboard = Callable[[str, Scope, Receive, Send], Awaitable[None]]


class LearnerTraces:
    """Which traces are whose: each belongs to the learner whose request began it."""

    def __init__(self, learners: int) -> None:
        self._owner: OrderedDict[str, str] = OrderedDict()
        self._most = KEPT_TRACES * max(1, learners)

    def claim(self, trace: str, learner: str) -> bool:
        """Note that `trace` is the learner's, unless it is somebody's already; whether it is the learner's now."""
        if self._owner.setdefault(trace, learner) != learner:
            return False
        while len(self._owner) > self._most:
            self._owner.popitem(last=False)
        return True

    def of(self, learner: str) -> list[str]:
        """The learner's traces, newest first."""
        return [trace for trace, whose in reversed(self._owner.items()) if whose == learner]

    def owner(self, trace: str) -> str | None:
        """Whose trace it is, if that is known."""
        return self._owner.get(trace)


class GatewayGuard:
    """An ASGI app before the gateway's; `leaderboard` answers at its own path, `closed` are not for learners."""

    def __init__(
        self,
        app: ASGIApp,
        leaderboard: Leaderboard,
        traces: LearnerTraces,
        *,
        leaderboard_path: str,
        closed: set[str],
        at_once: int,
    ) -> None:
        self._app, self._leaderboard, self._traces = app, leaderboard, traces
        self._leaderboard_path, self._closed, self._at_once = leaderboard_path, closed, at_once
        self._open: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            # The app behind has been started with the platform.
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        learner = scope["state"]["learner"]
        scope["path"] = canonical(scope["path"])  # What the gateway takes for the same path is refused like it.
        if self._open[learner] >= self._at_once:
            message = f"A learner may have {self._at_once} requests open at a time. Wait for one of yours to end."
            await _refuse(send, 429, message, "too_many_requests", retry=True)
            return
        if scope["path"] in self._closed:
            await _refuse(send, 403, "In a classroom, this page is for the teacher only.", "teacher_only")
            return
        self._open[learner] += 1
        self.requests[learner] += 1
        token = ASKING.set(learner)
        try:
            if scope["path"] == self._leaderboard_path:
                await self._leaderboard(learner, scope, receive, send)
            else:
                await self._app(scope, receive, self._watched(learner, send))
        finally:
            ASKING.reset(token)
            self._open[learner] -= 1

    def _watched(self, learner: str, send: Send) -> Send:
        """`send`, with the learner's own name for the implementation; the answer's trace becomes the learner's."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = []
                for name, value in message.get("headers", []):
                    if name == b"traceparent":
                        self._traces.claim(value.decode("latin-1").split("-")[1], learner)
                    if name == IMPLEMENTATION:
                        value = short(learner, value.decode("latin-1")).encode("latin-1")
                    headers.append((name, value))
                message = {**message, "headers": headers}
            await send(message)

        return watched


async def _refuse(send: Send, status: int, message: str, code: str, *, retry: bool = False) -> None:
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
