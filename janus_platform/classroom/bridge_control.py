"""The control API of a bridge: this machine's users and folders are its own business, the rest is the classroom's."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.classroom.bridge import Bridge
from janus_platform.classroom.client import ClassroomClient
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError, RequestRefusedError
from janus_platform.node.errors import SnapshotError
from janus_platform.node.submission.submitted_code import files_in
from janus_platform.runtime.control_base import LocalControlApi, control_app, problem, read_object


def build_bridge_control(bridge: Bridge) -> ASGIApp:
    """The control API of `bridge`."""
    api = _BridgeApi(bridge)
    routes = [
        *api.local_routes(),
        Route("/environment", api.environment),
        Route("/lease", api.lease, methods=["POST"]),
        Route("/limits-off", api.limits_off, methods=["POST"]),
        Route("/implementations", api.submit, methods=["POST"]),
        Route("/implementations/{name}/log", api.log),
        Route("/{rest:path}", api.hand_on, methods=["GET", "POST", "DELETE"]),
    ]
    return control_app(
        routes,
        lambda error: f"{type(error).__name__} in the bridge. See `janus logs`.",
        {PlatformError: _on_platform_error},
    )


class _BridgeApi(LocalControlApi):
    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge.ending, bridge.leases)
        self.bridge = bridge

    async def status(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self.bridge.status))

    async def environment(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self.bridge.environment))

    async def lease(self, _: Request) -> Response:
        welcome = {
            "environment": await asyncio.to_thread(self.bridge.environment),
            "status": await asyncio.to_thread(self.bridge.status),
            "caller": self.bridge.ticket.learner,
        }
        return self.held(self.leases.lease(), welcome)

    async def limits_off(self, _: Request) -> Response:
        self.check_stays()
        lease = await asyncio.to_thread(self._client().without_limits)
        return self.held(closing(lease), lease.welcome)

    async def submit(self, request: Request) -> Response:
        body = await read_object(request)
        if body.pop("url", None):
            raise HTTPException(422, "Submit a folder: the classroom cannot reach what runs on your machine.")
        folder = Path(str(body.pop("path", "")))
        files = await asyncio.to_thread(_packed, folder)
        return await self._ask(lambda client: client.ask("POST", "/implementations", {**body, "files": files}))

    async def log(self, request: Request) -> Response:
        name = request.path_params["name"]
        answer = await asyncio.to_thread(self._client().ask, "GET", f"/implementations/{quote(name)}/log")
        path = self.bridge.files.folder / "logs" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(answer["log"], encoding="utf-8")
        return JSONResponse({**answer, "path": str(path)})

    async def hand_on(self, request: Request) -> Response:
        body = await read_object(request) if request.method == "POST" else None
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return await self._ask(lambda client: client.ask(request.method, path, body))

    async def _ask(self, ask: Callable[[ClassroomClient], Any]) -> Response:
        return JSONResponse(await asyncio.to_thread(ask, self._client()))

    def _client(self) -> ClassroomClient:
        return ClassroomClient(self.bridge.ticket)


def _packed(folder: Path) -> list[dict[str, str]]:
    """The files of a submission, as the classroom takes them. Raises PlatformError for what it would refuse."""
    if not folder.is_absolute() or not folder.is_dir():
        raise PlatformError(f"{folder} is not a folder (give its full path).")
    rules, size = load_contract().classroom, 0
    packed: list[dict[str, str]] = []
    try:
        for path in files_in(folder):
            size += path.stat().st_size
            if size > rules.submission_bytes or len(packed) >= rules.submission_files:
                raise PlatformError(
                    f"{folder} holds more than {rules.submission_bytes:,} bytes or {rules.submission_files} files. "
                    "Submit only what the implementation needs to run."
                )
            content = base64.b64encode(path.read_bytes()).decode()
            packed.append({"name": path.relative_to(folder).as_posix(), "data": content})
    except (SnapshotError, OSError) as error:
        raise PlatformError(f"{folder} cannot be submitted: {error}") from error
    return packed


async def _on_platform_error(_: Request, error: Exception) -> Response:
    return problem(error.status if isinstance(error, RequestRefusedError) else 502, str(error))
