"""A classroom on loopback and learners in it: what the classroom's tests and its rehearsal share."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

import janus_bench
from janus_bench.leaderboard.remote import SharedBoard
from janus_platform.classroom.bridge import Bridge
from janus_platform.classroom.bridge_control import build_bridge_control
from janus_platform.classroom.ticket import Ticket
from janus_platform.implementations import bundled
from janus_platform.runtime.control_client import ControlClient
from janus_platform.runtime.state import Runtime

T = TypeVar("T")
Run = Callable[..., str]
SERVICES: dict[str, tuple[str, dict[str, Any]]] = {
    "web_proxy": ("https://proxy.janus.rodeo/fetch?url=https://physics.org/quantum", {}),
    "search": ("https://search.janus.rodeo/search", {"query": "quantum entanglement", "num_results": 5}),
    "vector_index": ("https://vector.janus.rodeo/query", {"query": "How do I pin a dependency?", "top_k": 3}),
    "code_sandbox": ("https://sandbox.janus.rodeo/execute", {"language": "python", "code": "print(2 + 2)"}),
    "inference": (
        "https://api.chutes.ai/v1/chat/completions",
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say when the tides turn."}]},
    ),
}


@contextmanager
def classroom_up(janus: Run, learners: int, *more: str) -> Iterator[list[Ticket]]:
    """A classroom on free ports, started with the command line; the learners' tickets."""
    try:
        words = ("--host", "127.0.0.1", "--learners", str(learners), "--port", "0", "--room-port", "0")
        janus("up", "--detach", *words, *more, "--json")
        yield [Ticket.parse(card["ticket"]) for card in json.loads(janus("classroom", "cards", "--json"))]
    finally:
        janus("down")


class Pupil:
    """One learner with a bridge of its own in this process; `times` holds how long each step took, in seconds."""

    def __init__(self, ticket: Ticket, folder: Path) -> None:
        self.ticket = ticket
        folder.mkdir(mode=0o700, parents=True)
        self.folder = folder
        self.bridge = Bridge(ticket, Runtime(folder, folder / "log"), build_bridge_control, port=0)
        self.environment: dict[str, str] = {}
        self.times: dict[str, list[float]] = defaultdict(list)

    @property
    def url(self) -> str:
        """The gateway as the learner's own machine has it."""
        return f"http://127.0.0.1:{self.bridge.gateway_port}"

    @property
    def control(self) -> ControlClient:
        """The control socket on the learner's machine. Blocks."""
        return ControlClient(self.bridge.files.control_socket)

    async def timed(self, step: str, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives; how long it took is kept under `step`."""
        started = time.monotonic()
        try:
            return await work
        finally:
            self.times[step].append(time.monotonic() - started)

    async def join(self) -> None:
        """Enter the classroom and get the variables."""
        await self.bridge.start()
        self.environment = await asyncio.to_thread(self.bridge.environment)

    def services(self) -> httpx.AsyncClient:
        """A client whose requests go out as a notebook's would."""
        trusted = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        return httpx.AsyncClient(
            proxy=self.environment["HTTPS_PROXY"],
            verify=trusted,
            timeout=120,
            headers={"Authorization": f"Bearer {self.environment['CHUTES_API_KEY']}"},
            trust_env=False,
        )

    async def ask(self, question: str, model: str = "janus") -> httpx.Response:
        """Ask the gateway, streaming; the whole answer."""
        body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": True}
        async with httpx.AsyncClient(trust_env=False, timeout=300) as client:
            return await client.post(f"{self.url}/v1/chat/completions", json=body)

    async def call(self, service: str) -> httpx.Response:
        """One call of a service."""
        url, body = SERVICES[service]
        async with self.services() as client:
            return await (client.post(url, json=body) if body else client.get(url))

    async def submit(self, name: str = "mine", which: str = "echo") -> dict[str, Any]:
        """Submit a copy of a bundled implementation."""
        folder = self.folder / "source"
        shutil.copytree(
            bundled()[which], folder, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True
        )
        return dict(await asyncio.to_thread(self.control.post, "/implementations", path=str(folder), name=name))

    async def bench_and_publish(self, suite: str, model: str = "mine") -> Any:
        """Bench the implementation and publish the run on the classroom's board; its row."""

        def both() -> Any:
            board = SharedBoard(self.environment["JANUS_LEADERBOARD"])
            report = janus_bench.run(
                self.url,
                suite=suite,
                model=model,
                concurrency=1,
                warmup=0,
                progress=False,
                output=self.folder / "run",
                seed=board.give_seed(model)["seed"],
            )
            lines = (self.folder / "run" / "records.jsonl").read_bytes()
            return board.publish(report.to_dict(), lines, implementation=model)

        return await asyncio.to_thread(both)

    async def leave(self) -> None:
        """End the bridge."""
        await self.bridge.close()


def knock(learner: str, secret: str, channel: str = "control") -> bytes:
    """The bytes that a client sends to be let in."""
    credentials = base64.b64encode(f"{learner}:{secret}".encode()).decode()
    there = f"CONNECT {channel}:80 HTTP/1.1\r\nHost: {channel}:80\r\n"
    return f"{there}Proxy-Authorization: Basic {credentials}\r\n\r\n".encode()
