"""The control API as one learner sees it: the paths of `janus_platform.runtime.control_api`, and nobody else's things.

The tunnel server has put the learner's id into the scope's state. A caller id or a name in a request never chooses
whose things are meant: it is always the learner's own clock, keys, traces, implementations and blocked attempts.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.classroom.classroom import ClassroomPlatform
from janus_platform.classroom.learner_view import names_for, seen_by, trace_for
from janus_platform.classroom.namespaces import own
from janus_platform.runtime.control_base import (
    ControlApi,
    advanced,
    answered,
    control_app,
    read_object,
    span_of,
    trace_count,
)
from janus_platform.traces.store import MAX_TRACES


def build_learner_control(platform: ClassroomPlatform) -> ASGIApp:
    """The control API of `platform` for its learners."""
    api = _LearnerApi(platform)
    routes = [
        Route("/join", api.join),
        Route("/status", api.status),
        Route("/environment", api.join),
        Route("/clock", api.clock, methods=["POST"]),
        Route("/limits-off", api.limits_off, methods=["POST"]),
        Route("/egress", api.egress),
        Route("/traces", api.traces),
        Route("/traces", api.report_span, methods=["POST"]),
        Route("/traces/{name}", api.trace),
        Route("/implementations", api.implementations),
        Route("/implementations", api.submit, methods=["POST"]),
        Route("/implementations/{name}", api.remove, methods=["DELETE"]),
        Route("/implementations/{name}/log", api.log),
        Route("/implementations/{name}/evidence", api.evidence),
        Route("/keys", api.rotate_keys, methods=["POST"]),
        Route("/top", api.top),
        Route("/requests", api.requests),
    ]
    return control_app(routes, lambda _: "The classroom's platform failed. Tell the teacher.")


class _LearnerApi(ControlApi):
    def __init__(self, platform: ClassroomPlatform) -> None:
        super().__init__(platform.ending)
        self.platform = platform

    async def join(self, request: Request) -> Response:
        """What the learner's bridge needs to make the variables there: caller id, its token and key, and the CA."""
        return JSONResponse(self.platform.credentials(_learner(request)))

    async def status(self, request: Request) -> Response:
        return JSONResponse(seen_by(_learner(request), await self.platform.status()))

    async def clock(self, request: Request) -> Response:
        body = await read_object(request)
        return advanced(self.platform.clocks.advance, _learner(request), body.get("seconds"))

    async def limits_off(self, request: Request) -> Response:
        # Of this learner, the learner's implementations included.
        return self.held(self.platform.limits.suspended_for(_learner(request)), {"limits": "off"})

    async def egress(self, request: Request) -> Response:
        return JSONResponse({"blocked": self.platform.egress.blocked(_learner(request))})

    async def trace(self, request: Request) -> Response:
        trace = self._trace(_learner(request), request.path_params["name"])
        if trace is None:
            raise HTTPException(404, "You have no such trace. The platform keeps the latest; send a request first.")
        return JSONResponse(trace)

    async def traces(self, request: Request) -> Response:
        count, learner = trace_count(request), _learner(request)
        recent = self.platform.tracing.store.recent(MAX_TRACES)
        own_traces = [row for row in recent if self._trace(learner, row["trace_id"])]
        return JSONResponse({"traces": own_traces[:count]})

    def _trace(self, learner: str, name: str) -> dict[str, Any] | None:
        return trace_for(learner, name, self.platform.tracing.store, self.platform.traces)

    async def report_span(self, request: Request) -> Response:
        body = await read_object(request)
        span = span_of(body)
        if not self.platform.traces.claim(str(body["trace_id"]), _learner(request)):
            raise HTTPException(404, "You have no such trace.")
        self.platform.tracing.report(span)
        return JSONResponse({"recorded": True})

    async def implementations(self, request: Request) -> Response:
        shown = names_for(_learner(request), self.platform.deployments.describe())
        return JSONResponse({"implementations": shown})

    async def submit(self, request: Request) -> Response:
        body = await read_object(request, self.platform.rules.submission_bytes * 3 // 2)
        return await answered(self.platform.submissions.submit, _learner(request), body)

    async def remove(self, request: Request) -> Response:
        name, full = self._own(request)
        await answered(self.platform.deployments.remove, full)
        return JSONResponse({"removed": name})

    async def log(self, request: Request) -> Response:
        _, full = self._own(request)
        return JSONResponse({"log": await asyncio.to_thread(self.platform.deployments.log(full).tail)})

    async def evidence(self, _: Request) -> Response:
        # Its root of trust and its names are the teacher's machine's: a learner could check neither.
        detail = "In a classroom, evidence is for the teacher. On your own platform it is yours: first `janus leave`."
        raise HTTPException(422, detail)

    async def rotate_keys(self, request: Request) -> Response:
        learner, body = _learner(request), await read_object(request)
        if "caller" in body:
            return await answered(self.platform.rotation.rotate_caller, learner)
        names = self.platform.own_names(learner)
        if isinstance(name := body.get("implementation"), str):
            self._check_own(name, own(learner, name))
            names = [name]
        return await answered(self._rotated, learner, names)

    async def _rotated(self, learner: str, names: list[str]) -> dict[str, Any]:
        done = await self.platform.rotation.rotate([own(learner, name) for name in names])
        return {**done, "rotated": names_for(learner, done["rotated"])}

    async def top(self, request: Request) -> Response:
        view = {"monitoring": await self.platform.monitor.view()}
        return JSONResponse(seen_by(_learner(request), view)["monitoring"])

    async def requests(self, request: Request) -> Response:
        learner, name = _learner(request), request.query_params.get("implementation")
        names = self.platform.own_names(learner) if name is None else [name]
        full = {own(learner, one) for one in names}
        latest = [one for one in self.platform.monitor.requests.latest() if one["implementation"] in full]
        return JSONResponse({"requests": names_for(learner, latest, key="implementation")})

    def _own(self, request: Request) -> tuple[str, str]:
        """The implementation in the path, by the learner's name and by the full one. Raises HTTPException."""
        name = request.path_params["name"]
        full = own(_learner(request), name)
        self._check_own(name, full)
        return name, full

    def _check_own(self, name: str, full: str) -> None:
        if full not in self.platform.deployments.names():
            raise HTTPException(422, f"You have no implementation named {name[:80]!r} here.")


def _learner(request: Request) -> str:
    return str(request.scope["state"]["learner"])
