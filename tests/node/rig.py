"""Small implementations to run, a stand-in for the egress proxy, and a node around them."""

from __future__ import annotations

import asyncio
import functools
import json
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from janus_platform.clock import Clock
from janus_platform.contract import load_contract
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.remote_url import RemoteUrl
from janus_platform.isolation.layers import Isolation, detect
from janus_platform.node.deployments import Deployments
from janus_platform.node.limits import Limits
from janus_platform.node.node import Node, Spec, python_command
from janus_platform.node.registry import Registry

CONTRACT = load_contract()
PATIENCE = 60.0
BARE = Isolation("rlimits", reasons=("the test asks for it",))

needs_sandbox = pytest.mark.skipif(
    detect().layer != "bubblewrap", reason=f"this machine has no namespaces to use: {'; '.join(detect().reasons)}"
)

# Answers a chat request by running the message as Python and returning `result` as JSON.
PROBER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self): self.answer({"status": "ok"})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        space = {}
        exec(body["messages"][-1]["content"], space)
        self.answer(space.get("result"))
    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""

# Keeps the contract, unless one of the words in MISBEHAVIOUR says otherwise.
STREAMER = """
import http.server, json, os, sys
WORDS, MISBEHAVIOUR = %r, %r
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self): self.answer(json.dumps({"status": "ok"}), "application/json")
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(WORDS)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            choices = [] if "no choices" in MISBEHAVIOUR else [choice]
            return self.answer(json.dumps({"choices": choices}), "application/json")
        words = ["".join(WORDS)] if "batch" in MISBEHAVIOUR else WORDS
        chunks = [{"choices": [{"index": 0, "delta": {"content": w}, "finish_reason": None}]} for w in words]
        if "no finish" not in MISBEHAVIOUR:
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        events = [f"data: {json.dumps(chunk)}\\n\\n" for chunk in chunks]
        if "no end" not in MISBEHAVIOUR:
            events.append("data: [DONE]\\n\\n")
        self.answer("".join(events), "text/plain" if "plain" in MISBEHAVIOUR else "text/event-stream")
    def answer(self, text, kind):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
print("listening", flush=True)
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def streamer(*words: str, misbehaviour: str = "") -> str:
    """The source of an implementation that answers every question with `words`."""
    return STREAMER % (list(words or ("I", " am", " here.")), misbehaviour)


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE))

    return run


class HandClock:
    """A clock that is moved by hand. Short waits (polls, looks) are real ones; longer ones end when it gets there."""

    LONG = 0.5

    def __init__(self) -> None:
        self._now, self._waiting = 0.0, list[tuple[float, asyncio.Event]]()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds < self.LONG:
            return await asyncio.sleep(seconds)
        reached = asyncio.Event()
        self._waiting.append((self._now + seconds, reached))
        await reached.wait()

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds, and wake who waited for that."""
        self._now += seconds
        for until, reached in self._waiting:
            if until <= self._now:
                reached.set()


class FakeEgress:
    """Listens where the egress proxy would and says "egress" to whoever connects."""

    def __init__(self, folder: Path) -> None:
        self.socket_path, self.ca_file, self.tcp_port = folder / "egress.sock", folder / "ca.pem", 0
        self.blocked: dict[str, list[str]] = {}

    def environment(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        proxy = f"http://{caller}:token-of-{caller}@{host}:{port}"
        return {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": str(self.ca_file), "CHUTES_API_KEY": f"cpk_of_{caller}"}

    def refused(self, caller: str, since: float) -> list[str]:
        return self.blocked.get(caller, [])


@dataclass
class Place:
    """A node with a home of its own."""

    home: Path
    node: Node
    egress: FakeEgress
    registry: Registry
    bundled: Mapping[str, Path]

    def folder(self, source: str, name: str = "mine") -> Path:
        """A folder with `source` as its main.py."""
        folder = self.home / "sources" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "main.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return folder

    def spec(self, source: str, name: str = "mine") -> Spec:
        return Spec(name, self.folder(source, name), python_command("main.py"))

    def deployments(self) -> Deployments:
        return Deployments(
            self.node, self.registry, bundled=self.bundled, baseline="base", home=self.home / "implementations"
        )

    def left_behind(self) -> list[Path]:
        """Sockets and folders of instances that still exist."""
        run = self.home / "run"
        return list(run.iterdir()) if run.exists() else []


@asynccontextmanager
async def place(
    home: Path, *, isolation: Isolation | None = None, clock: Clock | None = None, limits: Limits | None = None
) -> AsyncIterator[Place]:
    """A node in `home`, with the best isolation there is or the one given, and so with its clock and limits."""
    egress = FakeEgress(home)
    egress.ca_file.write_bytes(b"not a certificate\n")

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"egress")
        writer.close()

    unix = await asyncio.start_unix_server(greet, str(egress.socket_path))
    tcp = await asyncio.start_server(greet, "127.0.0.1", 0)
    egress.tcp_port = tcp.sockets[0].getsockname()[1]
    node = Node(
        CONTRACT,
        egress,
        run_folder=home / "run",
        log_folder=home / "logs",
        isolation=isolation,
        clock=clock,
        limits=limits,
    )
    here = Place(home, node, egress, Registry(home / "implementations.sqlite3"), {})
    here.bundled = {"base": here.folder(streamer("base"), "base")}
    try:
        yield here
    finally:
        unix.close()
        tcp.close()


async def post(upstream: Upstream, content: str, **fields: Any) -> str:
    """What the implementation answers to a chat request with that message."""
    is_unix = isinstance(upstream.base, Path)
    connector = aiohttp.UnixConnector(str(upstream.base)) if is_unix else aiohttp.TCPConnector()
    origin = "http://x" if is_unix else f"http://{shown(upstream)}"
    body = {"messages": [{"role": "user", "content": content}], **fields}
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.post(f"{origin}/v1/chat/completions", json=body) as response:
            return await response.text()


def shown(upstream: Upstream) -> str:
    """Host and port of an upstream that listens on TCP."""
    if isinstance(upstream.base, RemoteUrl):
        return upstream.base.authority
    assert isinstance(upstream.base, tuple)
    return "{}:{}".format(*upstream.base)


async def probe(upstream: Upstream, code: str) -> Any:
    """The `result` of `code`, run inside the PROBER implementation."""
    return json.loads(await post(upstream, textwrap.dedent(code)))


def with_bundled(here: Place, **folders: Path) -> Place:
    """The same place with other bundled implementations."""
    return replace(here, bundled=folders)
