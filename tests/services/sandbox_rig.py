"""The code sandbox, asked in process, for every test file about it."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import psutil
import pytest

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.isolation.layers import Isolation, detect, without_namespaces
from janus_platform.services.code_sandbox.app import build
from janus_platform.services.framework.app import ServiceContext

LAYERS = ("bubblewrap", "landlock", "rlimits")

isolated = pytest.mark.skipif(
    detect().layer != "bubblewrap", reason=f"only bubblewrap promises this; not here: {'; '.join(detect().reasons)}"
)


def layer_here(layer: str) -> Isolation:
    """That layer of this machine; skips the test where it has none, with the reason."""
    if layer == "rlimits":
        return Isolation("rlimits", own_uid=os.geteuid() == 0, reasons=("chosen by the test",))
    found = detect() if layer == "bubblewrap" else without_namespaces("chosen by the test")
    if found.layer != layer:
        pytest.skip(f"no {layer} layer here: {'; '.join(found.reasons)}")
    return found


class Sandbox:
    """The service in process, asked from synchronous tests."""

    def __init__(self, **options: Any) -> None:
        contract = load_contract()
        self.origin = contract.code_sandbox.origin
        self.context = ServiceContext(contract, CallerClocks(SystemClock()))
        self.options = options

    def run(self, code: str, language: str = "python", timeout: int = 20) -> dict[str, Any]:
        return self.run_all([(code, language, timeout)])[0]

    def run_all(self, programs: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
        async def ask() -> list[dict[str, Any]]:
            async with self.client() as client:
                bodies = [{"language": lang, "code": code, "timeout": t} for code, lang, t in programs]
                answers = await asyncio.gather(*(client.post("/execute", json=body) for body in bodies))
            for response in answers:
                assert response.status_code == 200, response.text
            return [response.json() for response in answers]

        return asyncio.run(ask())

    def client(self) -> httpx.AsyncClient:
        app = build(self.context, **self.options)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=self.origin, timeout=90)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())


def names_of(answer: dict[str, Any]) -> list[str]:
    return [file["name"] for file in answer["files"]]


def processes_with(word: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if word in " ".join(p.info["cmdline"] or [])]
