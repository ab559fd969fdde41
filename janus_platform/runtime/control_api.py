"""The control API: what `janus` and the notebooks ask the running platform, over a Unix socket only its user may open.

An implementation cannot reach it: the socket lies outside everything that a node shows its processes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import NotReady
from janus_platform.node.checks import SubmissionRefused
from janus_platform.processes.child import ProcessId
from janus_platform.traces.reported import reported_span
from janus_platform.traces.store import MAX_TRACES
from janus_platform.traces.tracing import RESOURCE

if TYPE_CHECKING:
    from janus_platform.classroom.classroom import Classroom
    from janus_platform.runtime.server import LocalPlatform

MAX_BODY_BYTES = 100_000


def build_control(platform: LocalPlatform) -> ASGIApp:
    """The control API of `platform`."""
    control = _Control(platform)
    return Starlette(
        routes=[
            Route("/status", control.status),
            Route("/lease", control.lease, methods=["POST"]),
            Route("/watch", control.watch, methods=["POST"]),
            Route("/detach", control.detach, methods=["POST"]),
            Route("/environment", control.environment),
            Route("/clock", control.clock, methods=["POST"]),
            Route("/limits-off", control.limits_off, methods=["POST"]),
            Route("/egress", control.egress),
            Route("/traces", control.traces),
            Route("/traces", control.report_span, methods=["POST"]),
            Route("/traces/{name}", control.trace),
            Route("/implementations", control.implementations),
            Route("/implementations", control.submit, methods=["POST"]),
            Route("/implementations/{name}", control.remove, methods=["DELETE"]),
            Route("/implementations/{name}/log", control.implementation_log),
            Route("/implementations/{name}/evidence", control.evidence),
            Route("/keys", control.rotate_keys, methods=["POST"]),
            Route("/top", control.top),
            Route("/requests", control.requests),
            Route("/room", control.room),
            Route("/room/reload", control.reload_room, methods=["POST"]),
            Route("/room/board", control.room_board),
            Route("/down", control.down, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _on_http_exception, Exception: _on_crash},
    )


class _Control:
    def __init__(self, platform: LocalPlatform) -> None:
        self.platform = platform

    async def status(self, _: Request) -> Response:
        return JSONResponse(await self.platform.status())

    async def lease(self, request: Request) -> Response:
        body = await _body(request)
        environment = self._variables(_text(body, "caller"))
        # on a busy machine the status takes longer than a platform without users waits for one
        with self.platform.users.lease():
            welcome = {"environment": environment, "status": await self.platform.status()}
        return self._held(self.platform.users.lease(), welcome)

    async def limits_off(self, _: Request) -> Response:
        return self._held(self.platform.limits.suspended(), {"limits": "off"})

    def _held(self, what: AbstractContextManager[None], welcome: dict[str, Any]) -> Response:
        """An answer of one line that lasts, and `what` with it, until the connection or the platform ends."""
        self._check_stays()

        async def hold() -> AsyncIterator[bytes]:
            with what:
                yield json.dumps(welcome).encode() + b"\n"
                # Starlette cancels this when the connection ends.
                await self.platform.ending.wait()

        return StreamingResponse(hold(), media_type="application/x-ndjson")

    def _check_stays(self) -> None:
        if self.platform.ending.is_set():
            raise HTTPException(503, "The platform is ending.")

    def _variables(self, caller: str) -> dict[str, str]:
        try:
            return self.platform.environment(caller)
        except PlatformError as error:
            raise HTTPException(422, str(error)) from None

    async def watch(self, request: Request) -> Response:
        pid = (await _body(request)).get("pid")
        if isinstance(pid, bool) or not isinstance(pid, int) or pid <= 0:
            raise HTTPException(422, "pid must be a positive integer")
        self._check_stays()
        try:
            self.platform.users.watch(ProcessId.of(pid))
        except ProcessLookupError as error:
            raise HTTPException(404, str(error)) from None
        return JSONResponse(await self.platform.status())

    async def detach(self, _: Request) -> Response:
        self._check_stays()
        self.platform.users.detach()
        return JSONResponse(await self.platform.status())

    async def environment(self, request: Request) -> Response:
        return JSONResponse(self._variables(request.query_params.get("caller", "")))

    async def clock(self, request: Request) -> Response:
        body = await _body(request)
        seconds = body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise HTTPException(422, "seconds must be a number")
        try:
            offset = self.platform.clocks.advance(_text(body, "caller"), seconds)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        return JSONResponse({"offset_seconds": offset})

    async def egress(self, request: Request) -> Response:
        return JSONResponse({"blocked": self.platform.egress.blocked(request.query_params.get("caller"))})

    async def trace(self, request: Request) -> Response:
        name = request.path_params["name"]
        store = self.platform.tracing.store
        found = store.latest() if name == "latest" else store.get(name)
        if found is None:
            raise HTTPException(404, f"There is no trace {name}. The platform keeps the latest; send a request first.")
        return JSONResponse(found)

    async def traces(self, request: Request) -> Response:
        count = request.query_params.get("count", "")
        if not count.isascii() or not count.isdigit() or not 0 < int(count[:9]) <= MAX_TRACES:
            raise HTTPException(422, f"count is a number from 1 to {MAX_TRACES}")
        return JSONResponse({"traces": self.platform.tracing.store.recent(int(count))})

    async def report_span(self, request: Request) -> Response:
        try:
            span = reported_span(await _body(request), RESOURCE)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        self.platform.tracing.report(span)
        return JSONResponse({"recorded": True})

    async def implementations(self, _: Request) -> Response:
        return JSONResponse({"implementations": self.platform.deployments.describe()})

    async def submit(self, request: Request) -> Response:
        try:
            return await _told(self.platform.submit, await _body(request))
        except HTTPException as error:
            refused = error.__cause__
            if not isinstance(refused, SubmissionRefused):
                raise
            answer = {"status": error.status_code, "detail": error.detail, "checks": refused.checks}
            return JSONResponse(answer, error.status_code)

    async def remove(self, request: Request) -> Response:
        return await _told(self.platform.remove, request.path_params["name"])

    async def implementation_log(self, request: Request) -> Response:
        return await _told(self.platform.implementation_log, request.path_params["name"])

    async def evidence(self, request: Request) -> Response:
        name, nonce = request.path_params["name"], request.query_params.get("nonce", "")
        return await _told(self.platform.evidence.evidence, name, nonce)

    async def rotate_keys(self, request: Request) -> Response:
        body = await _body(request)
        if "caller" in body:
            return await _told(self.platform.rotation.rotate_caller, _text(body, "caller"))
        if "implementation" in body:
            return await _told(self.platform.rotation.rotate, [_text(body, "implementation")])
        return await _told(self.platform.rotation.rotate_all)

    async def top(self, _: Request) -> Response:
        return JSONResponse(await self.platform.monitor.view())

    async def requests(self, request: Request) -> Response:
        name = request.query_params.get("implementation")
        return JSONResponse({"requests": self.platform.monitor.requests.latest(implementation=name)})

    async def room(self, _: Request) -> Response:
        return JSONResponse(self._room().describe())

    async def reload_room(self, _: Request) -> Response:
        self._room().reload()
        return JSONResponse(self._room().describe())

    async def room_board(self, _: Request) -> Response:
        return JSONResponse(self._room().board.shown())

    def _room(self) -> Classroom:
        if self.platform.room is None:
            raise HTTPException(404, "This platform is no room. Start one: `janus up --host ADDRESS --learners N`.")
        return self.platform.room

    async def down(self, _: Request) -> Response:
        self.platform.ending.set()
        return JSONResponse({"ending": True})


async def _told(action: Callable[..., Awaitable[Any]], *arguments: Any) -> Response:
    try:
        return JSONResponse(await action(*arguments))
    except (PlatformError, NotReady, ValueError, LookupError, OSError) as error:
        message = error.args[0] if isinstance(error, LookupError) and error.args else str(error)
        raise HTTPException(422, str(message)) from error


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    if len(content) > MAX_BODY_BYTES:
        raise HTTPException(413, "too large")
    try:
        body = json.loads(content)
        # What cannot be written as UTF-8 (a lone surrogate) could not be answered, logged or stored either.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise HTTPException(422, f"{name} must be a string")
    return value


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"status": error.status_code, "detail": error.detail}, error.status_code)


async def _on_crash(_: Request, error: Exception) -> Response:
    return JSONResponse({"status": 500, "detail": f"{type(error).__name__} in the platform. See `janus logs`."}, 500)
