"""The gateway's ASGI app: raw routing on the hot path, errors in OpenAI's shape, pages of its own.

No framework stands in the way of a chunk: routing through Starlette costs a millisecond to the first token and half the
requests a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.access import Access
from janus_platform.gateway.balancing import Balancer
from janus_platform.gateway.chat import Chat
from janus_platform.gateway.chat_page import load_page
from janus_platform.gateway.directory import Directory
from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.metrics import Metrics
from janus_platform.gateway.models import list_models
from janus_platform.gateway.public_trace import new_request_id, public_trace
from janus_platform.gateway.request_record import RequestRecord
from janus_platform.gateway.response_stream import Headers, Receive, Send
from janus_platform.gateway.routing import Leader, Router
from janus_platform.gateway.upstream_pool import ConnectionPool
from janus_platform.traces.tracing import Tracing

Scope = MutableMapping[str, Any]
# Content type and body of what stands at a path.
Page = Callable[[], tuple[bytes, bytes]]
# Content type, further headers and body of what the bundled web has at `/HOST/PATH`, or at "" (its hosts); or None.
WebPage = Callable[[str], tuple[bytes, Headers, bytes] | None]
# Raises ResponseError.
Evidence = Callable[[str, bytes], Awaitable[bytes]]

log = logging.getLogger("janus.gateway")

JSON = b"application/json"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def build_gateway(
    contract: Contract,
    directory: Directory,
    leader: Leader,
    *,
    tracing: Tracing | None = None,
    clock: Clock | None = None,
    access: Access | None = None,
    answered: Callable[[RequestRecord], None] | None = None,
    evidence: Evidence | None = None,
    limits: Callable[[], str] | None = None,
    full_name: Callable[[str], str] = str,
    web: WebPage | None = None,
) -> GatewayApp:
    """The gateway over `directory`. `leader` returns the leading implementation's name, or None.

    The app understands the ASGI lifespan; where that is not run, `aclose` must be called. Without `access`, no key is
    needed and no other origin is let in. `answered` is told of each chat request when it is over; `evidence` gives the
    JSON of an implementation's evidence, told its name and the request's query; `limits` says whether the services'
    rate limits hold at the moment, for the health page; `full_name` turns a model's name into the one that `directory`
    knows; `web` gives the pages of the bundled web, where the services answer from it.
    """
    return GatewayApp(
        contract,
        directory,
        leader,
        tracing or Tracing(),
        clock or SystemClock(),
        access or Access(),
        answered,
        evidence,
        limits,
        full_name,
        web,
    )


class GatewayApp:
    """An ASGI app; see `build_gateway`."""

    def __init__(
        self,
        contract: Contract,
        directory: Directory,
        leader: Leader,
        tracing: Tracing,
        clock: Clock,
        access: Access,
        answered: Callable[[RequestRecord], None] | None,
        evidence: Evidence | None,
        limits: Callable[[], str] | None,
        full_name: Callable[[str], str],
        web: WebPage | None,
    ) -> None:
        self._contract, self._directory, self._access, self._traces = contract, directory, access, tracing.store
        gateway = contract.gateway
        self._router = Router(contract, directory, leader, full_name)
        self.balancer = Balancer(clock, contract.implementation.health_path)
        self._connections = ConnectionPool(clock)
        self.metrics = Metrics(self.balancer.states)
        self._chat = Chat(
            contract, self._router, self.balancer, self._connections, self.metrics, tracing, clock, answered
        )
        self._evidence, self._limits, self._web = evidence, limits, web
        self._evidence_ends = contract.attestation.evidence_path.split("{name}")
        self._checking: asyncio.Task[None] | None = None
        self._pages: dict[str, Page] = {
            gateway.models_path: self._models,
            gateway.health_path: self._health,
            gateway.metrics_path: lambda: (self.metrics.content_type, self.metrics.page()),
        }
        self._chat_page = load_page(gateway.page_path)
        self._open_paths = {gateway.health_path, *self._chat_page}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def aclose(self) -> None:
        """Stop the health checks and close every connection to an implementation."""
        await self._chat.close()
        if self._checking is not None:
            self._checking.cancel()
        await self._connections.aclose()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return
            self._checking = asyncio.create_task(self.balancer.run(self._connections, self._directory.names))
            await send({"type": "lifespan.startup.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_request_id()
        about: Headers = [(b"x-request-id", request_id.encode())]
        scope["path"] = canonical(scope["path"])
        try:
            if scope["method"] == "OPTIONS" and (answer := self._access.preflight(headers)) is not None:
                await send({"type": "http.response.start", "status": 204, "headers": [*about, *answer]})
                await send({"type": "http.response.body", "body": b""})
                return
            about += self._access.check_origin(headers)
            if page := self._web_page(scope["path"]):
                _allow(scope, "GET, HEAD")
                content_type, walls, body = page
                await _respond(send, 200, content_type, body, [*walls, *about])
                return
            self._access.check_key(scope["path"], headers, self._open_paths)
            if scope["path"] == self._contract.gateway.chat_path:
                _allow(scope, "POST")
                await self._chat.answer(headers, request_id, about, receive, send)
                return
            if file := self._chat_page.get(scope["path"]):
                _allow(scope, "GET, HEAD")
                status, page_headers, body = file.answer(headers.get("if-none-match", ""))
                await send({"type": "http.response.start", "status": status, "headers": [*page_headers, *about]})
                await send({"type": "http.response.body", "body": body})
                return
            if (name := self._asks_for_evidence(scope["path"])) and self._evidence is not None:
                _allow(scope, "GET, HEAD")
                evidence = await self._evidence(name, scope["query_string"])
                await _respond(send, 200, JSON, evidence, [*about, (b"cache-control", b"no-store")])
                return
            await _respond(send, 200, *self._page(scope), about)
        except ResponseError as error:
            await _respond_error(send, error, about)
        except Exception:
            log.exception("request id=%s failed inside the gateway", request_id)
            message = "The gateway failed. This is a fault of the platform; `janus logs` has the details."
            await _respond_error(send, ResponseError(500, message, code="internal_error"), about)

    def _asks_for_evidence(self, path: str) -> str:
        """The implementation whose evidence the path names; empty for any other path."""
        before, after = self._evidence_ends
        name = path.removeprefix(before).removesuffix(after)
        return name if "/" not in name and path == before + name + after else ""

    def _web_page(self, path: str) -> tuple[bytes, Headers, bytes] | None:
        """What the bundled web has there; it needs no key, as it holds nothing of anybody's."""
        before = self._contract.gateway.web_path
        if not (path == before or path.startswith(before + "/")):
            return None
        if self._web is None:  # The services answer from the real web: nothing is bundled.
            return (JSON, [], b'{"hosts": []}') if path == before else None
        return self._web(path.removeprefix(before))

    def _page(self, scope: Scope) -> tuple[bytes, bytes]:
        path, gateway = scope["path"], self._contract.gateway
        models_path, traces_path = gateway.models_path, gateway.traces_path
        if page := self._pages.get(path):
            _allow(scope, "GET, HEAD")
            return page()
        if path.startswith(models_path + "/"):
            _allow(scope, "GET, HEAD")
            return self._model(path.removeprefix(models_path + "/"))
        if path.startswith(traces_path + "/"):
            _allow(scope, "GET, HEAD")
            return JSON, json.dumps(public_trace(self._traces, path.removeprefix(traces_path + "/"))).encode()
        raise errors.unknown_path(path, [gateway.chat_path, *self._pages])

    def _models(self) -> tuple[bytes, bytes]:
        return JSON, json.dumps(list_models(self._contract, self._directory, self._router.current)).encode()

    def _model(self, name: str) -> tuple[bytes, bytes]:
        models = list_models(self._contract, self._directory, self._router.current)["data"]
        for model in models:
            if model["id"] == name:
                return JSON, json.dumps(model).encode()
        raise errors.model_not_found(name, "model", [model["id"] for model in models])

    def _health(self) -> tuple[bytes, bytes]:
        status = {"status": "ok", "contract": self._contract.version, "janus": self._router.current}
        limits = {"limits": self._limits()} if self._limits is not None else {}
        return JSON, json.dumps(status | limits).encode()


def canonical(path: str) -> str:
    """The path without slashes at its end: clients that join addresses carelessly mean the same."""
    return path.rstrip("/") or "/"


def _allow(scope: Scope, allowed: str) -> None:
    if scope["method"] not in allowed.split(", "):
        raise errors.wrong_method(scope["method"], scope["path"], allowed)


async def _respond_error(send: Send, error: ResponseError, about: Headers) -> None:
    more = [(k.encode(), v.encode()) for k, v in error.headers.items()]
    await _respond(send, error.status, JSON, error.body(), [*about, *more])


async def _respond(send: Send, status: int, content_type: bytes, body: bytes, about: Headers) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *about]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
