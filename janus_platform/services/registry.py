"""The service registry: the app that answers at each of the contract's hosts. It is the whole topology.

The egress proxy forwards to it; a test may use an in-process transport instead.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from janus_platform.contract import Contract
from janus_platform.corpus import load_corpus
from janus_platform.services.code_sandbox import app as code_sandbox
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference import app as inference
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.start import EngineMissingError
from janus_platform.services.inference.minilm import MiniLM
from janus_platform.services.inference.sentence_vectors import SentenceVectors
from janus_platform.services.inference.upstream.engine import upstream_of
from janus_platform.services.search import app as search
from janus_platform.services.vector_index import app as vector_index
from janus_platform.services.vector_index.prepare import model_folder
from janus_platform.services.web_proxy import app as web_proxy

HEALTH_SECONDS = 2.0


class ServiceRegistry:
    """The five services by host name."""

    def __init__(self, contract: Contract, apps: Mapping[str, ASGIApp]) -> None:
        self._services = contract.services
        self._apps = dict(apps)

    @property
    def by_host(self) -> dict[str, ASGIApp]:
        """Each host of the contract and the app that answers there."""
        return {self._services[name].host: app for name, app in self._apps.items()}

    async def health(self) -> list[dict[str, Any]]:
        """What each service's `GET /health` says, asked in-process."""
        return list(await asyncio.gather(*(self._health(name) for name in self._apps)))

    async def _health(self, name: str) -> dict[str, Any]:
        service = self._services[name]
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                status, detail = await _get(self._apps[name], service.host, "/health")
        except Exception as error:  # A service that fails to answer is down, however it fails.
            status, detail = 0, {"error": type(error).__name__}
        detail = {key: value for key, value in detail.items() if key not in ("status", "service", "openapi")}
        return {"name": name, "host": service.host, "healthy": status == 200, "detail": detail}


def build_services(
    context: ServiceContext,
    accepts_key: Callable[[str], bool],
    sandbox_cache: Path,
    *,
    web: str = "corpus",
    model: LlamaEngine | None = None,
) -> ServiceRegistry:
    """All five services, ready to be put behind the egress proxy.

    `accepts_key` says whether an inference key is valid; `sandbox_cache` is what `code_sandbox.warm_up` filled;
    `web` is `corpus` for the bundled pages, or `live`: the web proxy then fetches from the real web, and search asks
    the engine whose key is in the environment. `model` is a model file that answers beside the local engine. Raises
    EngineMissingError where an upstream is named as well.
    """
    upstream = upstream_of(os.environ, context.contract, clock=context.clock)
    if model is not None and upstream is not None:
        variable = context.contract.inference.upstream.address_variable
        raise EngineMissingError(
            f"Either {upstream.name} answers, or {model.name}: unset {variable}, or start without --model."
        )
    corpus = load_corpus()
    apps = {
        "web_proxy": web_proxy.build(context, web_proxy.web_named(web, corpus, context.contract)),
        "search": search.build(context, search.engine_named(web, corpus, context.contract, os.environ)),
        "vector_index": vector_index.build(context, vector_index.VectorIndex.of(corpus)),
        "code_sandbox": code_sandbox.build(context, cache_dir=sandbox_cache),
        "inference": inference.build(
            context,
            keys=accepts_key,
            embedder=MiniLM(model_folder()),
            encode=SentenceVectors(model_folder()),
            upstream=upstream,
            model=model,
        ),
    }
    return ServiceRegistry(context.contract, apps)


async def _get(app: ASGIApp, host: str, path: str) -> tuple[int, dict[str, Any]]:
    """One GET without a socket: the status and the JSON body."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "state": {},
    }
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    return status, dict(json.loads(body))
