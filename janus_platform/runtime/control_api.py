"""The control API: what `janus` and the notebooks ask the running platform, over a Unix socket only its user may open.

An implementation cannot reach it: the socket lies outside everything that a node shows its processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.errors import PlatformError
from janus_platform.node.deployments import Deployments
from janus_platform.node.packages.environments import Progress
from janus_platform.node.submission.checks import SubmissionRefusedError
from janus_platform.runtime.control_base import (
    LocalControlApi,
    advanced,
    answered,
    control_app,
    read_object,
    span_of,
    text_of,
    trace_count,
)
from janus_platform.runtime.platform import LocalPlatform
from janus_platform.runtime.progress import with_progress

FORM_FIELDS = ("hotkey", "source", "license", "description", "changelog", "contact")
_TEXTS = ("path", "url", "name", "entry", *FORM_FIELDS)


def build_control(platform: LocalPlatform, more_routes: Sequence[Route] = ()) -> ASGIApp:
    """The control API of `platform`; `more_routes` come before its own."""
    api = _PlatformApi(platform)
    routes = [
        *more_routes,
        *api.local_routes(),
        Route("/lease", api.lease, methods=["POST"]),
        Route("/environment", api.environment),
        Route("/clock", api.clock, methods=["POST"]),
        Route("/limits-off", api.limits_off, methods=["POST"]),
        Route("/egress", api.egress),
        Route("/traces", api.traces),
        Route("/traces", api.report_span, methods=["POST"]),
        Route("/traces/{name}", api.trace),
        Route("/implementations", api.implementations),
        Route("/implementations", api.submit, methods=["POST"]),
        Route("/implementations/{name}", api.remove, methods=["DELETE"]),
        Route("/implementations/{name}/log", api.implementation_log),
        Route("/implementations/{name}/evidence", api.evidence),
        Route("/keys", api.rotate_keys, methods=["POST"]),
        Route("/top", api.top),
        Route("/requests", api.requests),
        Route("/room{rest:path}", api.classroom, methods=["GET", "POST"]),
    ]
    return control_app(routes, lambda error: f"{type(error).__name__} in the platform. See `janus logs`.")


class _PlatformApi(LocalControlApi):
    def __init__(self, platform: LocalPlatform) -> None:
        super().__init__(platform.ending, platform.leases)
        self.platform = platform

    async def status(self, _: Request) -> Response:
        return JSONResponse(await self.platform.status())

    async def lease(self, request: Request) -> Response:
        environment = self._variables(text_of(await read_object(request), "caller"))
        # on a busy machine the status takes longer than a platform without users waits for one
        with self.leases.lease():
            welcome = {"environment": environment, "status": await self.platform.status()}
        return self.held(self.leases.lease(), welcome)

    async def limits_off(self, _: Request) -> Response:
        return self.held(self.platform.limits.suspended(), {"limits": "off"})

    async def environment(self, request: Request) -> Response:
        return JSONResponse(self._variables(request.query_params.get("caller", "")))

    def _variables(self, caller: str) -> dict[str, str]:
        try:
            return self.platform.environment(caller)
        except PlatformError as error:
            raise HTTPException(422, str(error)) from None

    async def clock(self, request: Request) -> Response:
        body = await read_object(request)
        return advanced(self.platform.clocks.advance, text_of(body, "caller"), body.get("seconds"))

    async def egress(self, request: Request) -> Response:
        return JSONResponse({"blocked": self.platform.egress.blocked(request.query_params.get("caller"))})

    async def trace(self, request: Request) -> Response:
        name = request.path_params["name"]
        store = self.platform.tracing.store
        trace = store.latest() if name == "latest" else store.get(name)
        if trace is None:
            raise HTTPException(404, f"There is no trace {name}. The platform keeps the latest; send a request first.")
        return JSONResponse(trace)

    async def traces(self, request: Request) -> Response:
        return JSONResponse({"traces": self.platform.tracing.store.recent(trace_count(request))})

    async def report_span(self, request: Request) -> Response:
        self.platform.tracing.report(span_of(await read_object(request)))
        return JSONResponse({"recorded": True})

    async def implementations(self, _: Request) -> Response:
        return JSONResponse({"implementations": self.platform.deployments.describe()})

    async def submit(self, request: Request) -> Response:
        body = await read_object(request)

        async def submitted(progress: Progress) -> Response:
            try:
                return await answered(_submit, self.platform.deployments, body, progress)
            except HTTPException as error:
                refusal = error.__cause__
                checks = {"checks": refusal.checks} if isinstance(refusal, SubmissionRefusedError) else {}
                answer = {"status": error.status_code, "detail": error.detail, **checks}
                return JSONResponse(answer, error.status_code)

        return await with_progress(request, submitted)

    async def remove(self, request: Request) -> Response:
        name = request.path_params["name"]
        await answered(self.platform.deployments.remove, name)
        return JSONResponse({"removed": name})

    async def implementation_log(self, request: Request) -> Response:
        async def latest() -> dict[str, str]:
            log = self.platform.deployments.log(request.path_params["name"])
            return {"log": await asyncio.to_thread(log.tail), "path": str(log.path)}

        return await answered(latest)

    async def evidence(self, request: Request) -> Response:
        name, nonce = request.path_params["name"], request.query_params.get("nonce", "")
        return await answered(self.platform.evidence.evidence, name, nonce)

    async def rotate_keys(self, request: Request) -> Response:
        body = await read_object(request)
        if "caller" in body:
            return await answered(self.platform.rotation.rotate_caller, text_of(body, "caller"))
        if "implementation" in body:
            return await answered(self.platform.rotation.rotate, [text_of(body, "implementation")])
        return await answered(self.platform.rotation.rotate_all)

    async def top(self, _: Request) -> Response:
        return JSONResponse(await self.platform.monitor.view())

    async def requests(self, request: Request) -> Response:
        name = request.query_params.get("implementation")
        return JSONResponse({"requests": self.platform.monitor.requests.latest(implementation=name)})

    async def classroom(self, _: Request) -> Response:
        raise HTTPException(404, "This platform is not a classroom. Start one: `janus up --host ADDRESS --learners N`.")


async def _submit(deployments: Deployments, body: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Try out and deploy what `body` describes. Raises PlatformError."""
    if unknown := sorted(set(body) - {*_TEXTS, "instances"}):
        raise PlatformError(
            f"A submission does not have the field {', '.join(unknown)[:80]}. It has {', '.join(_TEXTS)}, instances."
        )
    texts = {key: value for key, value in body.items() if key != "instances" and value is not None}
    if wrong := sorted(key for key, value in texts.items() if not isinstance(value, str)):
        raise PlatformError(f"A submission's fields are strings. Not so: {', '.join(wrong)}.")
    path, name = texts.pop("path", None), texts.pop("name", "")
    return await deployments.submit(path, name, instances=body.get("instances", 1), progress=progress, **texts)
