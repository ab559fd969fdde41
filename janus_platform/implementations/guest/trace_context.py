"""Trace context: the calls that an implementation makes for a request become part of that request's trace.

Copy this file into an implementation of your own. Wrap the app, and send `outgoing()` with every call:

    app = TraceContext(app)
    await http.post(url, json=body, headers=outgoing())

A context variable keeps the header apart for each request, through every `await` and every task started meanwhile. What
runs outside of a request (a thread pool, a queue) has none: hand the header over by hand there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_HEADERS = (b"traceparent", b"tracestate")  # W3C Trace Context, sections 3.2 and 3.3
_received: ContextVar[dict[str, str]] = ContextVar("trace context")


class TraceContext:
    """An ASGI app around another one that remembers the trace context of each request."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope.get("headers", ()) if k in _HEADERS}
        token = _received.set(headers)
        try:
            await self._app(scope, receive, send)
        finally:
            _received.reset(token)


def outgoing() -> dict[str, str]:
    """The headers that make a call part of the request's trace; none outside of a request."""
    return dict(_received.get({}))
