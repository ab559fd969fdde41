"""The control API as one learner sees it: the paths of `janus_platform.runtime.control_api`, and nobody else's things.

The door has put the learner's id into the scope's state. A caller id or a name in a request never chooses whose things
are meant: it is always the learner's own clock, keys, traces, implementations and blocked attempts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.classroom.learner_view import names_for, seen_by, trace_for
from janus_platform.classroom.namespaces import own
from janus_platform.classroom.request_body import BadBody, read_object
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import NotDeployed, NotReady
from janus_platform.traces.reported import reported_span
from janus_platform.traces.store import MAX_TRACES
from janus_platform.traces.tracing import RESOURCE

if TYPE_CHECKING:
    from janus_platform.classroom.classroom import Classroom

MAX_BODY_BYTES = 100_000


def build_learner_control(room: Classroom) -> ASGIApp:
    """The control API of `room` for its learners."""
    control = _LearnerControl(room)
    return Starlette(
        routes=[
            Route("/join", control.join),
            Route("/status", control.status),
            Route("/environment", control.join),
            Route("/clock", control.clock, methods=["POST"]),
            Route("/limits-off", control.limits_off, methods=["POST"]),
            Route("/egress", control.egress),
            Route("/traces", control.traces),
            Route("/traces", control.report_span, methods=["POST"]),
            Route("/traces/{name}", control.trace),
            Route("/implementations", control.implementations),
            Route("/implementations", control.submit, methods=["POST"]),
            Route("/implementations/{name}", control.remove, methods=["DELETE"]),
            Route("/implementations/{name}/log", control.log),
            Route("/implementations/{name}/evidence", control.evidence),
            Route("/keys", control.rotate_keys, methods=["POST"]),
            Route("/top", control.top),
            Route("/requests", control.requests),
        ],
        exception_handlers={HTTPException: _on_http_exception, Exception: _on_crash},
    )


class _LearnerControl:
    def __init__(self, room: Classroom) -> None:
        self.room = room

    async def join(self, request: Request) -> Response:
        """What the learner's bridge needs to make the variables there: caller id, its token and key, and the CA."""
        return JSONResponse(self.room.credentials(_learner(request)))

    async def status(self, request: Request) -> Response:
        return JSONResponse(seen_by(_learner(request), await self.room.status()))

    async def clock(self, request: Request) -> Response:
        seconds = (await _body(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise HTTPException(422, "seconds must be a number")
        try:
            offset = self.room.clocks.advance(_learner(request), seconds)
        except (ValueError, OverflowError) as error:
            raise HTTPException(422, str(error)) from None
        return JSONResponse({"offset_seconds": offset})

    async def limits_off(self, request: Request) -> Response:
        learner = _learner(request)

        async def hold() -> AsyncIterator[bytes]:
            with self.room.without_limits(learner):
                yield json.dumps({"limits": "off"}).encode() + b"\n"
                # Starlette cancels this when the connection ends.
                await self.room.ending.wait()

        return StreamingResponse(hold(), media_type="application/x-ndjson")

    async def egress(self, request: Request) -> Response:
        return JSONResponse({"blocked": self.room.blocked(_learner(request))})

    async def trace(self, request: Request) -> Response:
        found = trace_for(_learner(request), request.path_params["name"], self.room.store, self.room.traces)
        if found is None:
            raise HTTPException(404, "You have no such trace. The platform keeps the latest; send a request first.")
        return JSONResponse(found)

    async def traces(self, request: Request) -> Response:
        count = request.query_params.get("count", "20")
        if not count.isascii() or not count.isdigit() or not 0 < int(count[:9]) <= MAX_TRACES:
            raise HTTPException(422, f"count is a number from 1 to {MAX_TRACES}")
        learner, recent = _learner(request), self.room.store.recent(MAX_TRACES)
        mine = [row for row in recent if trace_for(learner, row["trace_id"], self.room.store, self.room.traces)]
        return JSONResponse({"traces": mine[: int(count)]})

    async def report_span(self, request: Request) -> Response:
        body = await _body(request)
        try:
            span = reported_span(body, RESOURCE)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        if not self.room.traces.claim(str(body["trace_id"]), _learner(request)):
            raise HTTPException(404, "You have no such trace.")
        self.room.tracing.report(span)
        return JSONResponse({"recorded": True})

    async def implementations(self, request: Request) -> Response:
        found = names_for(_learner(request), self.room.deployments.describe())
        return JSONResponse({"implementations": found})

    async def submit(self, request: Request) -> Response:
        body = await _body(request, self.room.rules.submission_bytes * 3 // 2)
        return await _told(self.room.submissions.submit(_learner(request), body))

    async def remove(self, request: Request) -> Response:
        name, full = _named(request)
        return await _told(self._removed(name, full))

    async def _removed(self, name: str, full: str) -> dict[str, Any]:
        self._check_own(name, full)
        await self.room.deployments.remove(full)
        return {"removed": name}

    async def log(self, request: Request) -> Response:
        name, full = _named(request)
        self._check_own(name, full)
        return JSONResponse({"log": await asyncio.to_thread(self.room.deployments.log(full).tail)})

    async def evidence(self, _: Request) -> Response:
        # Its root of trust and its names are the teacher's machine's: a learner could check neither.
        detail = "In a room, evidence is for the teacher. On a platform of your own it is yours: first `janus leave`."
        raise HTTPException(422, detail)

    async def rotate_keys(self, request: Request) -> Response:
        learner, body = _learner(request), await _body(request)
        if "caller" in body:
            return await _told(self.room.rotation.rotate_caller(learner))
        if isinstance(name := body.get("implementation"), str):
            self._check_own(name, own(learner, name))
            return await _told(self._rotated(learner, [name]))
        return await _told(self._rotated(learner, self.room.own_names(learner)))

    async def _rotated(self, learner: str, names: list[str]) -> dict[str, Any]:
        done = await self.room.rotation.rotate([own(learner, name) for name in names])
        return {**done, "rotated": names_for(learner, done["rotated"])}

    async def top(self, request: Request) -> Response:
        return JSONResponse(seen_by(_learner(request), {"monitoring": await self.room.monitor.view()})["monitoring"])

    async def requests(self, request: Request) -> Response:
        learner, name = _learner(request), request.query_params.get("implementation")
        names = self.room.own_names(learner) if name is None else [name]
        full = {own(learner, one) for one in names}
        found = [one for one in self.room.monitor.requests.latest() if one["implementation"] in full]
        return JSONResponse({"requests": names_for(learner, found, key="implementation")})

    def _check_own(self, name: str, full: str) -> None:
        if full not in self.room.deployments.names():
            raise HTTPException(422, f"You have no implementation named {name[:80]!r} here.")


def _learner(request: Request) -> str:
    return str(request.scope["state"]["learner"])


def _named(request: Request) -> tuple[str, str]:
    name = request.path_params["name"]
    return name, own(_learner(request), name)


async def _body(request: Request, max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    try:
        return await read_object(request, max_bytes)
    except BadBody as error:
        raise HTTPException(error.status, str(error)) from None


async def _told(done: Awaitable[dict[str, Any]]) -> Response:
    try:
        return JSONResponse(await done)
    except (PlatformError, NotReady, NotDeployed, ValueError, OSError) as error:
        message = error.args[0] if isinstance(error, LookupError) and error.args else str(error)
        raise HTTPException(422, str(message)) from None


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"status": error.status_code, "detail": error.detail}, error.status_code)


async def _on_crash(_: Request, error: Exception) -> Response:
    return JSONResponse({"status": 500, "detail": "The room's platform failed. Tell the teacher."}, 500)
