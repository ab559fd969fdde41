"""No request, however hostile, keeps the event loop of the platform from everybody else.

All services and a gateway run in a process of their own, as the platform does: on its event loop, with its collector
of garbage. A heart beats on the loop while a request is worked on. Counted is the processor time that the process takes
between two beats: what other programs do meanwhile does not count, and a thread that keeps the interpreter to itself
does.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from janus_platform.gateway.body import CHECK
from janus_platform.processes.workers import JobFailedError, Workers
from tests.services.asgi import CONTRACT
from tests.services.served import KEY
from tools.environment import ROOT, variables

# Ten milliseconds are aimed at, and 1 to 15 were measured, most for bodies of 10 MB. A busy machine has cold caches.
MOST_SECONDS = 0.025
PATIENCE = 120


class Platform:
    """The process with the services and the gateway, and their addresses."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.urls: dict[str, str] = json.loads(self._line())

    def hears(self, url: str, request: bytes) -> tuple[int, float]:
        """Send bytes; the answer's status and the longest time between two beats meanwhile."""
        self._longest()
        host, port = urlsplit(url).hostname, urlsplit(url).port
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            connection.sendall(request)
            status = connection.recv(12)
            while connection.recv(1 << 20):
                pass
        return int(status[9:12] or 0), self._longest()

    def _longest(self) -> float:
        """Seconds between two beats since it was asked last."""
        assert self._process.stdin is not None
        print("longest", file=self._process.stdin, flush=True)
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    command = [sys.executable, "-m", "tests.services.watched_loop"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=variables(), cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        running = Platform(process)
        # What is loaded once, in threads, is another matter.
        running.hears(running.urls["vector_index"], query("/query", "a question"))
        running.hears(running.urls["search"], query("/search", "a question"))
        running.hears(running.urls["inference"], post("/v1/embeddings", b'{"model":"embedding-model","input":"a"}'))
        yield running
        process.stdin.close()


def post(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def query(path: str, text: str) -> bytes:
    return post(path, json.dumps({"query": text}).encode())


def asks(text: str, size: int, **fields: Any) -> bytes:
    """A chat request whose message is `text` again and again."""
    said = f"Question: Why?\n{(text * (size // len(text.encode()) + 1))[:size]}x"
    messages = [{"role": "user", "content": said}]
    # The engine speaks at a pace: few tokens are enough here.
    return json.dumps({"model": "gpt-4o", "messages": messages, "max_tokens": 5, **fields}).encode()


def filled(before: str, piece: str, after: str, size: int) -> bytes:
    """`piece` repeated to about `size` bytes between a beginning and an end."""
    return f"{before}{piece * (size // len(piece))}{after}".encode()


MESSAGES = '"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]'
WIDE = {f"p{n}": {"type": "array", "items": {"type": "string"}, "minItems": 4} for n in range(450)}
ENUM = {"type": "array", "minItems": 900, "items": {"enum": [f"value {n}" for n in range(900)]}}


def schema(inner: Mapping[str, Any]) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": dict(inner)}}}


LARGE, MIDDLE, SMALL = 9_500_000, 2_000_000, 60_000
CHATS = {
    "blanks": asks(" ", LARGE),
    "blank lines": asks(" \n", MIDDLE),
    "passages": asks("[1] a — b\n", MIDDLE),
    "comments": asks("<!-- ", MIDDLE),
    "ticks": asks("`", MIDDLE),
    "one word": asks("a", MIDDLE),
    "escapes": asks("\U0001f600", 2_000_000),
    "brackets": filled(f'{{{MESSAGES},"x":[', "[],", "0]}", LARGE),
    "objects": filled(f'{{{MESSAGES},"x":[', '{"a":1},', "0]}", MIDDLE),
    "messages": filled('{"model":"gpt-4o","messages":[', '{"role":"user","content":""},', "0]}", LARGE),
    "surrogates": filled(f'{{{MESSAGES},"x":"', "\\ud800", '"}', LARGE),
    "not JSON": b"[" * LARGE,
    "a wide enum": asks("a ", 100, **schema({"type": "object", "properties": {"a": {"enum": ["x" * 1_000_000]}}})),
    "small: blanks": asks(" ", SMALL),
    "small: passages": asks("[1] a — b\n", SMALL),
    "small: quotations": asks("“", SMALL),
    "small: numbers": asks("1,", SMALL),
    "small: brackets": filled(f'{{{MESSAGES},"x":[', "[],", "0]}", SMALL),
    "small: a wide schema": asks("a: b, c and d; ", 20_000, **schema({"type": "object", "properties": WIDE})),
    "small: many choices": asks("value 7 ", 20_000, **schema({"type": "object", "properties": {"a": ENUM}})),
}
EMBEDDINGS = {
    "many texts": json.dumps({"model": "embedding-model", "input": ["word " * 40] * 64}).encode(),
    "one word": json.dumps({"model": "embedding-model", "input": "a" * LARGE}).encode(),
    "long texts": json.dumps({"model": "embedding-model", "input": ["a " * 12_000] * 256}).encode(),
    "brackets": filled('{"model":"embedding-model","input":["a"],"x":[', "[],", "0]}", LARGE),
}
OTHERS = {
    "search: words": ("search", query("/search", "ab cd " * 66)),
    "search: signs": ("search", query("/search", "-" * 400)),
    "search: quotation marks": ("search", query("/search", '"' * 400)),
    "search: misspelt": ("search", query("/search", "entanglemnet quntum " * 20)),
    "search: a long query": ("search", query("/search", "a " * 490_000)),
    "vector index: brackets": ("vector_index", post("/query", filled('{"query":"a","x":[', "[],", "0]}", 990_000))),
    "vector index: surrogates": (
        "vector_index", post("/query", filled('{"query":"a","x":["', '\\ud83d\\ude00","', '"]}', 990_000))
    ),
    "vector index: a long query": ("vector_index", query("/query", "ab " * 660)),
    "sandbox: brackets": ("code_sandbox", post("/execute", filled('{"x":[', "[],", "0]}", 990_000))),
    "sandbox: commas": (
        "code_sandbox", post("/execute", filled('{"language":"python","code":1,"stdin":"', ",", '"}', 990_000))
    ),
    "web proxy: a long address": ("web_proxy", get(f"/fetch?url={'https://' + 'a.' * 15_000}")),
}  # fmt: skip


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_request_leaves_the_loop_to_others(platform: Platform, name: str) -> None:
    path = CONTRACT.inference.path
    status, longest = platform.hears(platform.urls["inference"], post(path, CHATS[name]))
    assert status in (200, 400) and longest < MOST_SECONDS


@pytest.mark.parametrize("name", [name for name in CHATS if not name.startswith("small")])
def test_the_gateway_leaves_the_loop_to_others(platform: Platform, name: str) -> None:
    body = CHATS[name].replace(b'"gpt-4o"', b'"impl"', 1)
    status, longest = platform.hears(platform.urls["gateway"], post(CONTRACT.gateway.chat_path, body))
    assert status in (200, 400) and longest < MOST_SECONDS


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embeddings_leave_the_loop_to_others(platform: Platform, name: str) -> None:
    status, longest = platform.hears(platform.urls["inference"], post("/v1/embeddings", EMBEDDINGS[name]))
    assert status in (200, 400, 503) and longest < MOST_SECONDS


@pytest.mark.parametrize("name", OTHERS)
def test_every_service_leaves_the_loop_to_others(platform: Platform, name: str) -> None:
    service, request = OTHERS[name]
    status, longest = platform.hears(platform.urls[service], request)
    assert 200 <= status < 500 and longest < MOST_SECONDS


def test_a_job_that_takes_too_long_is_ended_and_the_next_one_is_done() -> None:
    async def main() -> tuple[Any, bytes]:
        workers = Workers(limit_seconds=0.001)
        with pytest.raises(JobFailedError, match="longer than"):
            await workers.run(CHECK, b"{}", contract=CONTRACT)
        workers._limit = PATIENCE
        try:
            return await workers.run(CHECK, b"{}", contract=CONTRACT)
        finally:
            await workers.close()

    answer, _ = asyncio.run(main())
    assert answer["error"]["status"] == 400
