"""One tunnel, one host: what is asked inside it may name no other."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from janus_platform.egress.connect_request import problem
from janus_platform.http.protocol import AUTHORITY

# Told of an attempt: caller, target and reason.
Blocked = Callable[[str, str, str], None]


class SameHost:
    """Refuses a request inside the tunnel that names another host than the tunnel's (421, RFC 9110, 15.5.20).

    It may name one in its `Host`, and in the absolute form of its target, which would come first (RFC 9112, 3.2.2).
    """

    def __init__(self, app: ASGIApp, host: str, blocked: Blocked) -> None:
        self.app, self._host, self._blocked = app, host, blocked
        self._accepted = {host.encode(), f"{host}:443".encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
            named = scope["state"].get(AUTHORITY) or self._host.encode()
            if len(hosts) != 1 or not {hosts[0], named.lower()} <= self._accepted:
                self._blocked(
                    scope["state"].get("caller", "unknown"), f"{self._host}:443", "request names another host"
                )
                body = problem(421, "The request names another host than the tunnel leads to.")
                headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
                await send({"type": "http.response.start", "status": 421, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self.app(scope, receive, send)
