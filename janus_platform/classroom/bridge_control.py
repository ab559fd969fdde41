"""The control API of a bridge: this machine's users and folders are its own business, the rest is the room's."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.classroom.client import RoomClient
from janus_platform.classroom.request_body import BadBody, read_object
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError, RequestRefused
from janus_platform.node.snapshot import SnapshotError, files_in
from janus_platform.processes.child import ProcessId

if TYPE_CHECKING:
    from janus_platform.classroom.bridge import Bridge

MAX_BODY_BYTES = 100_000


def build_bridge_control(bridge: Bridge) -> ASGIApp:
    """The control API of `bridge`."""
    control = _BridgeControl(bridge)
    return Starlette(
        routes=[
            Route("/status", control.status),
            Route("/environment", control.environment),
            Route("/lease", control.lease, methods=["POST"]),
            Route("/watch", control.watch, methods=["POST"]),
            Route("/detach", control.detach, methods=["POST"]),
            Route("/down", control.down, methods=["POST"]),
            Route("/limits-off", control.limits_off, methods=["POST"]),
            Route("/implementations", control.submit, methods=["POST"]),
            Route("/implementations/{name}/log", control.log),
            Route("/{rest:path}", control.hand_on, methods=["GET", "POST", "DELETE"]),
        ],
        exception_handlers={HTTPException: _on_http_exception, PlatformError: _on_platform_error},
    )


class _BridgeControl:
    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    async def status(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self.bridge.status))

    async def environment(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self.bridge.environment))

    async def lease(self, _: Request) -> Response:
        bridge = self.bridge
        welcome = {
            "environment": await asyncio.to_thread(bridge.environment),
            "status": await asyncio.to_thread(bridge.status),
            "caller": bridge.ticket.learner,
        }
        self._check_stays()

        async def hold() -> AsyncIterator[bytes]:
            with bridge.users.lease():
                yield json.dumps(welcome).encode() + b"\n"
                await bridge.ending.wait()

        return StreamingResponse(hold(), media_type="application/x-ndjson")

    async def limits_off(self, _: Request) -> Response:
        bridge = self.bridge
        lease = await asyncio.to_thread(RoomClient(bridge.ticket).without_limits)

        async def hold() -> AsyncIterator[bytes]:
            try:
                yield json.dumps(lease.welcome).encode() + b"\n"
                await bridge.ending.wait()
            finally:
                lease.close()

        return StreamingResponse(hold(), media_type="application/x-ndjson")

    async def watch(self, request: Request) -> Response:
        pid = (await _body(request)).get("pid")
        if isinstance(pid, bool) or not isinstance(pid, int) or pid <= 0:
            raise HTTPException(422, "pid must be a positive integer")
        self._check_stays()
        try:
            self.bridge.users.watch(ProcessId.of(pid))
        except ProcessLookupError as error:
            raise HTTPException(404, str(error)) from None
        return await self.status(request)

    async def detach(self, request: Request) -> Response:
        self._check_stays()
        self.bridge.users.detach()
        return await self.status(request)

    async def down(self, _: Request) -> Response:
        self.bridge.ending.set()
        return JSONResponse({"ending": True})

    async def submit(self, request: Request) -> Response:
        body = await _body(request)
        if body.pop("url", None):
            raise HTTPException(422, "In a room, submit a folder: the room cannot reach what runs on your machine.")
        folder = Path(str(body.pop("path", "")))
        files = await asyncio.to_thread(_packed, folder)
        return await self._ask(lambda room: room.ask("POST", "/implementations", {**body, "files": files}))

    async def log(self, request: Request) -> Response:
        name = request.path_params["name"]
        found = await asyncio.to_thread(
            RoomClient(self.bridge.ticket).ask, "GET", f"/implementations/{quote(name)}/log"
        )
        path = self.bridge.place.folder / "logs" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(found["log"], encoding="utf-8")
        return JSONResponse({**found, "path": str(path)})

    async def hand_on(self, request: Request) -> Response:
        body = await _body(request) if request.method == "POST" else None
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return await self._ask(lambda room: room.ask(request.method, path, body))

    async def _ask(self, ask: Callable[[RoomClient], Any]) -> Response:
        return JSONResponse(await asyncio.to_thread(ask, RoomClient(self.bridge.ticket)))

    def _check_stays(self) -> None:
        if self.bridge.ending.is_set():
            raise HTTPException(503, "The platform is ending.")


def _packed(folder: Path) -> list[dict[str, str]]:
    """The files of a submission, as the room takes them. Raises PlatformError for what it would refuse."""
    if not folder.is_absolute() or not folder.is_dir():
        raise PlatformError(f"{folder} is not a folder (give its full path).")
    rules, size = load_contract().classroom, 0
    found: list[dict[str, str]] = []
    try:
        for path in files_in(folder):
            size += path.stat().st_size
            if size > rules.submission_bytes or len(found) >= rules.submission_files:
                raise PlatformError(
                    f"{folder} holds more than {rules.submission_bytes:,} bytes or {rules.submission_files} files. "
                    "Submit only what the implementation needs to run."
                )
            content = base64.b64encode(path.read_bytes()).decode()
            found.append({"name": path.relative_to(folder).as_posix(), "data": content})
    except (SnapshotError, OSError) as error:
        raise PlatformError(f"{folder} cannot be submitted: {error}") from error
    return found


async def _body(request: Request) -> dict[str, Any]:
    try:
        return await read_object(request, MAX_BODY_BYTES)
    except BadBody as error:
        raise HTTPException(error.status, str(error)) from None


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"status": error.status_code, "detail": error.detail}, error.status_code)


async def _on_platform_error(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestRefused) else 502
    return JSONResponse({"status": status, "detail": str(error)}, status)
