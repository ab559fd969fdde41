"""The research implementation in-process, in front of services whose every answer is known."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from janus_platform.implementations import bundled

# A program of its own: it is found the way `python main.py` finds it.
sys.path.insert(0, str(bundled()["research"]))

import main as research
from citations import Citations as Citations
from pages import Passage as Passage
from questions import read_question as read_question
from services import Services
from skills import find_solution as find_solution

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
TITLES = {"https://physics.org/quantum": "Quantum entanglement", "https://example.com/bread": "Bread"}
PAGE = """# Quantum entanglement

Two particles are entangled when they share one state. See [the paradox](https://encyclopedia.example/epr).

| angle | correlation |
| --- | --- |
| 0 | -1 |
| 45 | -0.707 |
| 90 | 0 |
| 135 | 0.707 |
"""


@dataclass
class FakeServices(httpx.AsyncBaseTransport):
    """Stands where the network would: answers like the platform services and remembers every request.

    `overrides` maps a host to a response (or a function of the request) that is sent instead.
    """

    says: tuple[str, ...] = ("Two particles", " share one state", ". [1]")
    stdout: str = f"PNG:{base64.b64encode(PNG).decode()}\n"
    page: str = PAGE
    chunks: list[dict[str, Any]] = field(default_factory=list)
    overrides: dict[str, httpx.Response | Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def hosts(self) -> list[str]:
        return [request.url.host for request in self.requests]

    def sent(self, host: str) -> dict[str, Any]:
        """The JSON body of the first request to `host`."""
        return json.loads(next(r for r in self.requests if r.url.host == host).content)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        override = self.overrides.get(request.url.host)
        if override is not None:
            return override if isinstance(override, httpx.Response) else override(request)
        match request.url.host:
            case "search.janus.rodeo":
                found = [{"title": t, "url": u, "snippet": f"About {t.lower()}."} for u, t in TITLES.items()]
                return httpx.Response(200, json={"results": found})
            case "proxy.janus.rodeo":
                return httpx.Response(200, json={"content": self.page})
            case "vector.janus.rodeo":
                return httpx.Response(200, json={"chunks": self.chunks})
            case "sandbox.janus.rodeo":
                return httpx.Response(200, json={"stdout": self.stdout, "stderr": "", "exit_code": 0})
            case "api.chutes.ai":
                return httpx.Response(200, content=self._stream(), headers={"content-type": "text/event-stream"})
        raise AssertionError(f"{request.url.host} is not one of the platform's hosts")

    def _stream(self) -> bytes:
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in self.says
        ]
        usage = {"prompt_tokens": 40, "completion_tokens": len(self.says), "total_tokens": 43, "cost_usd": 0.002}
        chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
        return b"".join(f"data: {json.dumps(c)}\n\n".encode() for c in chunks) + b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Answer:
    """A streamed answer: its chunks in order, and what they add up to."""

    chunks: list[dict[str, Any]]
    ended: bool

    def _texts(self, name: str) -> list[str]:
        deltas = [c["choices"][0]["delta"] for c in self.chunks]
        return [delta[name] for delta in deltas if delta.get(name)]

    @property
    def reasoning(self) -> str:
        return "".join(self._texts("reasoning_content"))

    @property
    def pieces(self) -> list[str]:
        return self._texts("content")

    @property
    def content(self) -> str:
        return "".join(self.pieces)

    @property
    def artifacts(self) -> list[dict[str, str]]:
        return [artifact for c in self.chunks for artifact in c.get("artifacts", [])]

    @property
    def usage(self) -> dict[str, float]:
        return self.chunks[-1]["usage"]


@asynccontextmanager
async def served(fake: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    """The implementation over `fake`, as an HTTP client sees it."""
    services = Services(fake)
    transport = httpx.ASGITransport(research.build_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://research") as client:
        yield client
    await services.aclose()


async def ask(client: httpx.AsyncClient, *said: Any, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    """Ask, with `said` as the user's messages in order and `more` in the body, and read the streamed answer."""
    messages = [{"role": "user", "content": text} for text in said]
    body = {"model": "research", "messages": messages, "stream": True, **more}
    response = await client.post("/v1/chat/completions", json=body, headers=headers)
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream")
    events = response.text.strip().split("\n\n")
    payloads = [event.removeprefix("data: ") for event in events]
    return Answer([json.loads(p) for p in payloads if p != "[DONE]"], payloads[-1] == "[DONE]")
