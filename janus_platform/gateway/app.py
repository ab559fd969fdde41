"""The gateway's ASGI app: raw routing on the hot path, errors in OpenAI's shape, pages of its own.

No framework stands in the way of a chunk: routing through Starlette costs a millisecond to the first token and half the
requests a second. What happens to a request is the list of steps in `GatewayApp`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import Contract
from janus_platform.drawing import KINDS
from janus_platform.gateway import errors
from janus_platform.gateway.access import Access
from janus_platform.gateway.balancing import Balancer
from janus_platform.gateway.chat import Chat, ChatParts
from janus_platform.gateway.chat_page import drawn, load_page
from janus_platform.gateway.directory import Directory, list_models
from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.metrics import Metrics
from janus_platform.gateway.public_trace import new_request_id, public_trace
from janus_platform.gateway.request_record import RequestRecord
from janus_platform.gateway.response_stream import Headers, Receive, Send
from janus_platform.gateway.routing import Leader, Router
from janus_platform.gateway.timeouts import Ticker
from janus_platform.gateway.upstream_pool import ConnectionPool
from janus_platform.traces.tracing import Tracing

Scope = MutableMapping[str, Any]
# Content type and body of what stands at a path.
Page = Callable[[], tuple[bytes, bytes]]
# Content type, further headers and body of what the bundled web has at `/HOST/PATH`, or at "" (its hosts); or None.
WebPage = Callable[[str], tuple[bytes, Headers, bytes] | None]
# The JSON of an implementation's evidence, by its name and the request's query. Raises ResponseError.
Evidence = Callable[[str, bytes], Awaitable[bytes]]
# Which parts of the platform answer, by their names in the drawing.
States = Callable[[], Awaitable[Mapping[str, bool]]]

log = logging.getLogger("janus.gateway")

JSON = b"application/json"
_READ = ("GET", "HEAD")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True)
class GatewaySettings:
    """What a gateway is made of. Left out, an option is off: no key is needed and no other origin is let in.

    `leader` returns the leading implementation's name, or None; `on_finished` gets the record of each chat request;
    `rate_limits` says whether the services' rate limits hold at the moment, for the health page; `full_name` turns a
    model's name into the one that `directory` knows; `web` gives the pages of the bundled web, where the services
    answer from it; `states` says which parts answer, for the drawing in Janus Chat.
    """

    contract: Contract
    directory: Directory
    leader: Leader
    tracing: Tracing = field(default_factory=Tracing)
    clock: Clock = field(default_factory=SystemClock)
    access: Access = field(default_factory=Access)
    on_finished: Callable[[RequestRecord], None] | None = None
    evidence: Evidence | None = None
    rate_limits: Callable[[], str] | None = None
    full_name: Callable[[str], str] = str
    web: WebPage | None = None
    states: States | None = None


@dataclass
class _Request:
    """One request on its way through the steps; `response_headers` are those that its answer has, whatever it is."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    request_id: str
    response_headers: Headers
    receive: Receive
    send: Send

    def allow(self, *methods: str) -> None:
        """Raise ResponseError 405 for any other method."""
        if self.method not in methods:
            raise errors.wrong_method(self.method, self.path, ", ".join(methods))

    async def respond(self, content_type: bytes, body: bytes, *more: tuple[bytes, bytes], status: int = 200) -> bool:
        """Send a whole answer; `more` are headers of its own."""
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *more]
        return await self.send_response(status, headers, body)

    async def respond_error(self, error: ResponseError) -> None:
        """Send an error."""
        own = ((name.encode(), value.encode()) for name, value in error.headers.items())
        await self.respond(JSON, error.body(), *own, status=error.status)

    async def send_response(self, status: int, headers: Headers, body: bytes = b"") -> bool:
        """Send an answer whose headers describe its body already."""
        start = {"type": "http.response.start", "status": status, "headers": [*headers, *self.response_headers]}
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})
        return True


# Whether it has answered the request. Raises ResponseError.
Step = Callable[[_Request], Awaitable[bool]]


class GatewayApp:
    """An ASGI app. It understands the ASGI lifespan; where that is not run, `aclose` must be called."""

    def __init__(self, settings: GatewaySettings) -> None:
        contract, clock = settings.contract, settings.clock
        self._settings, self._paths = settings, contract.gateway
        self._router = Router(contract, settings.directory, settings.leader, settings.full_name)
        self.balancer = Balancer(clock, contract.implementation.health_path)
        self._connections = ConnectionPool(clock)
        self.metrics = Metrics(self.balancer.states)
        self._chat = Chat(
            ChatParts(
                contract=contract,
                router=self._router,
                balancer=self.balancer,
                connections=self._connections,
                metrics=self.metrics,
                tracing=settings.tracing,
                clock=clock,
                ticker=Ticker(clock),
                on_finished=settings.on_finished,
            )
        )
        # In this order; the first step that answers is the last one.
        self._steps: tuple[Step, ...] = (
            self._answer_preflight,
            self._check_origin,
            self._answer_web,
            self._check_key,
            self._answer_chat,
            self._answer_chat_page,
            self._answer_drawing,
            self._answer_evidence,
            self._answer_page,
        )
        self._checking: asyncio.Task[None] | None = None
        self._pages: dict[str, Page] = {
            self._paths.models_path: lambda: (JSON, json.dumps(self._models()).encode()),
            self._paths.health_path: lambda: (JSON, json.dumps(self._health()).encode()),
            self._paths.metrics_path: lambda: (self.metrics.content_type, self.metrics.page()),
        }
        self._chat_page = load_page(contract)
        self._drawings = {f"{self._paths.page_path}chat/{kind}.svg": kind for kind in KINDS}
        self._open_paths = {self._paths.health_path, *self._chat_page, *self._drawings}

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
            names = self._settings.directory.names
            self._checking = asyncio.create_task(self.balancer.run(names))
            await send({"type": "lifespan.startup.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_request_id()
        path, query, about = canonical(scope["path"]), scope["query_string"], [(b"x-request-id", request_id.encode())]
        request = _Request(scope["method"], path, query, headers, request_id, about, receive, send)
        try:
            for step in self._steps:
                if await step(request):
                    return
        except ResponseError as error:
            await request.respond_error(error)
        except Exception:
            log.exception("request id=%s failed inside the gateway", request_id)
            message = "The gateway failed. This is a fault of the platform; `janus logs` has the details."
            await request.respond_error(ResponseError(500, message, code="internal_error"))

    async def _answer_preflight(self, request: _Request) -> bool:
        if request.method != "OPTIONS" or (headers := self._settings.access.preflight(request.headers)) is None:
            return False
        return await request.send_response(204, headers)

    async def _check_origin(self, request: _Request) -> bool:
        request.response_headers += self._settings.access.check_origin(request.headers)
        return False

    async def _answer_web(self, request: _Request) -> bool:
        """What the bundled web has there; it needs no key, as it holds nothing of anybody's."""
        root, page = self._paths.web_path, None
        if request.path != root and not request.path.startswith(root + "/"):
            return False
        if self._settings.web is not None:
            page = self._settings.web(request.path.removeprefix(root))
        elif request.path == root:  # The services answer from the real web: nothing is bundled.
            page = JSON, [], b'{"hosts": []}'
        if page is None:
            return False
        request.allow(*_READ)
        content_type, headers, body = page
        return await request.respond(content_type, body, *headers)

    async def _check_key(self, request: _Request) -> bool:
        self._settings.access.check_key(request.path, request.headers, self._open_paths)
        return False

    async def _answer_chat(self, request: _Request) -> bool:
        if request.path != self._paths.chat_path:
            return False
        request.allow("POST")
        await self._chat.answer(
            request.headers, request.request_id, request.response_headers, request.receive, request.send
        )
        return True

    async def _answer_chat_page(self, request: _Request) -> bool:
        if (file := self._chat_page.get(request.path)) is None:
            return False
        request.allow(*_READ)
        return await request.send_response(*file.answer(request.headers.get("if-none-match", "")))

    async def _answer_drawing(self, request: _Request) -> bool:
        """The platform as it runs, for the chat page, with the state of each part where that is known."""
        if (kind := self._drawings.get(request.path)) is None:
            return False
        request.allow(*_READ)
        states = {} if self._settings.states is None else await self._settings.states()
        return await request.send_response(*drawn(kind, states))

    async def _answer_evidence(self, request: _Request) -> bool:
        before, after = self._settings.contract.attestation.evidence_path.split("{name}")
        name = request.path.removeprefix(before).removesuffix(after)
        if not name or "/" in name or request.path != before + name + after or self._settings.evidence is None:
            return False
        request.allow(*_READ)
        evidence = await self._settings.evidence(name, request.query)
        return await request.respond(JSON, evidence, (b"cache-control", b"no-store"))

    async def _answer_page(self, request: _Request) -> bool:
        models, traces = self._paths.models_path + "/", self._paths.traces_path + "/"
        if page := self._pages.get(request.path):
            request.allow(*_READ)
            return await request.respond(*page())
        if request.path.startswith(models):
            request.allow(*_READ)
            content: Mapping[str, Any] = self._model(request.path.removeprefix(models))
        elif request.path.startswith(traces):
            request.allow(*_READ)
            content = public_trace(self._settings.tracing.store, request.path.removeprefix(traces))
        else:
            raise errors.unknown_path(request.path, [self._paths.chat_path, *self._pages])
        return await request.respond(JSON, json.dumps(content).encode())

    def _models(self) -> dict[str, Any]:
        return list_models(self._paths.default_model, self._settings.directory, self._router.current)

    def _model(self, name: str) -> dict[str, Any]:
        models: dict[str, dict[str, Any]] = {model["id"]: model for model in self._models()["data"]}
        if name not in models:
            raise errors.model_not_found(name, "model", list(models))
        return models[name]

    def _health(self) -> dict[str, Any]:
        status = {"status": "ok", "contract": self._settings.contract.version, "janus": self._router.current}
        return status if (limits := self._settings.rate_limits) is None else {**status, "limits": limits()}


def canonical(path: str) -> str:
    """The path without slashes at its end: clients that join addresses carelessly mean the same."""
    return path.rstrip("/") or "/"
