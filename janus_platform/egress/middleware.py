"""The ASGI middleware around every service in a tunnel: one host a tunnel, and a tunnel for whoever waits for one."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from janus_platform.egress.connect_request import problem
from janus_platform.egress.queueing import Tunnels
from janus_platform.http.protocol import AUTHORITY

# Records an attempt: caller, target and reason.
OnBlocked = Callable[[str, str, str], None]


class SameHostMiddleware:
    """Refuses a request inside the tunnel that names another host than the tunnel's (421, RFC 9110, 15.5.20).

    It may name one in its `Host`, and in the absolute form of its target, which would come first (RFC 9112, 3.2.2).
    """

    def __init__(self, app: ASGIApp, host: str, on_blocked: OnBlocked) -> None:
        self.app, self._host, self._on_blocked = app, host, on_blocked
        self._accepted = {host.encode(), f"{host}:443".encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
            named = scope["state"].get(AUTHORITY) or self._host.encode()
            if len(hosts) != 1 or not {hosts[0], named.lower()} <= self._accepted:
                self._on_blocked(
                    scope["state"].get("caller", "unknown"), f"{self._host}:443", "request names another host"
                )
                body = problem(421, "The request names a different host from the one that the tunnel leads to.")
                headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
                await send({"type": "http.response.start", "status": 421, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self.app(scope, receive, send)


class MakeWayMiddleware:
    """Asks the client to close its tunnel behind an answer, while another one of the same caller waits for its place.

    A client that keeps its connections would else hold them all, idle, while its own requests wait.
    """

    def __init__(self, app: ASGIApp, tunnels: Tunnels) -> None:
        self.app, self._tunnels = app, tunnels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and self._tunnels.waits(scope["state"].get("caller", "")):
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)
