"""A service asked in process, as a given caller, over the same ASGI interface that the egress proxy uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import Contract, load_contract
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.framework.rate_limit import LimitSwitch

CONTRACT: Contract = load_contract()


def context(*, limits: bool = False, clock: ManualClock | None = None) -> ServiceContext:
    """A context whose time stands still until the test moves it."""
    clock = clock or ManualClock()
    return ServiceContext(CONTRACT, CallerClocks(clock), limits=LimitSwitch(limits), clock=clock)


class AsCaller:
    """Puts the caller's id where the egress proxy puts it."""

    def __init__(self, app: ASGIApp, caller: str) -> None:
        self.app, self.caller = app, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "state": {"caller": self.caller}}, receive, send)


@asynccontextmanager
async def client(app: ASGIApp, origin: str, caller: str = "test") -> AsyncIterator[httpx.AsyncClient]:
    """An httpx client in front of `app`. An exception in the app is a 500, as it is behind a server."""
    transport = httpx.ASGITransport(AsCaller(app, caller), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=origin) as opened:
        yield opened


def ask(app: ASGIApp, method: str, url: str, *, caller: str = "test", **options: Any) -> httpx.Response:
    """One request from a synchronous test."""

    async def asked() -> httpx.Response:
        async with client(app, url, caller) as opened:
            return await opened.request(method, url, **options)

    return asyncio.run(asked())
