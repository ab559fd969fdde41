"""The language model for tests: SmolLM2 135M behind the inference service, on a real socket and in its own process."""

from __future__ import annotations

import asyncio
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import Contract
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference.app import build
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.start import is_installed, model_engine
from janus_platform.services.inference.models.errors import ModelFileError
from janus_platform.services.inference.models.files import path_of
from janus_platform.services.inference.models.pull import pull
from janus_platform.services.inference.models.table import find
from tests.services.inference_rig import CONTRACT, KEY, Letters, listening
from tests.services.small_gguf import FLOAT32, STRING, UINT32, pair, text

NAME = "smollm2-135m"
SECONDS = 60.0


@cache
def _found() -> tuple[Path | None, str]:
    if not is_installed():
        return None, "the extra [llm] is not installed: pip install -e '.[llm]'"
    entry = find(NAME)
    try:
        pull(entry, lambda *_: None)
    except ModelFileError as error:
        return None, str(error)
    return path_of(entry), ""


def model_path() -> Path:
    """The model's file; skips the test with the reason where llama.cpp or the file cannot be had."""
    path, reason = _found()
    if path is None:
        pytest.skip(reason)
    return path


@dataclass
class Served:
    """The service at `url`, its engine, and the loop that both run on."""

    url: str
    engine: LlamaEngine
    loop: asyncio.AbstractEventLoop

    def post(self, text: str = "Say yes.", *, model: str = NAME, **fields: Any) -> httpx.Response:
        """One chat request with a single user message."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        return httpx.post(f"{self.url}/chat/completions", json=body, headers=AUTH, timeout=SECONDS, trust_env=False)

    def error(self, text: str = "Say yes.", **fields: Any) -> tuple[int, str, str, str]:
        """Status, code, field and message of a refusal."""
        answer = self.post(text, **fields)
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["param"], error["message"]

    def text(self, text: str = "Say yes.", **fields: Any) -> str:
        """What the model answers."""
        answer = self.post(text, **fields)
        assert answer.status_code == 200, answer.text
        content: str = answer.json()["choices"][0]["message"]["content"]
        return content

    def get(self, path: str) -> Any:
        """One GET below the base path."""
        return httpx.get(f"{self.url}/{path}", headers=AUTH, timeout=SECONDS, trust_env=False).json()

    def direct(self) -> httpx.Client:
        """A client of the model's own process."""
        key = {"Authorization": f"Bearer {self.engine.process.key}"}
        transport = httpx.HTTPTransport(uds=str(self.engine.process.launch.socket))
        return httpx.Client(transport=transport, headers=key, timeout=SECONDS)

    def slots(self) -> list[dict[str, Any]]:
        """What llama.cpp says of its slots."""
        with self.direct() as client:
            found: list[dict[str, Any]] = client.get("http://model/slots").json()
        return found

    def health(self) -> dict[str, Any]:
        """The model's part of the service's health."""
        return self.engine.health()


AUTH = {"Authorization": f"Bearer {KEY}"}


@contextmanager
def served(wanted: str, contract: Contract = CONTRACT) -> Iterator[Served]:
    """The service with a model beside its local engine, on a thread of its own."""
    with tempfile.TemporaryDirectory(prefix="janus-llama-") as folder:
        clock = SystemClock()
        engine = model_engine(wanted, contract, Path(folder) / "model.sock", clock=clock)
        context = ServiceContext(contract, CallerClocks(clock), clock=clock)
        app = build(context, keys=KEY.__eq__, embedder=Letters(), model=engine)
        ready, ended = threading.Event(), asyncio.Event()
        made: list[Served] = []

        async def main() -> None:
            async with listening(app) as url:
                made.append(Served(url, engine, asyncio.get_running_loop()))
                ready.set()
                await ended.wait()

        thread = threading.Thread(target=asyncio.run, args=(main(),))
        thread.start()
        assert ready.wait(SECONDS)
        try:
            yield made[0]
        finally:
            made[0].loop.call_soon_threadsafe(ended.set)
            thread.join()


def llama_file(path: Path, *, layers: int) -> Path:
    """A whole GGUF file of an architecture that llama.cpp knows, with hardly anything in it."""
    numbers = {
        "context_length": 64,
        "embedding_length": 8,
        "block_count": layers,
        "feed_forward_length": 8,
        "attention.head_count": 8,
        "vocab_size": 3,
    }
    pairs = [pair("general.architecture", STRING, text("llama"))]
    pairs += [pair(f"llama.{name}", UINT32, struct.pack("<I", number)) for name, number in numbers.items()]
    tensor = text("w") + struct.pack("<IQIQ", 1, 8, FLOAT32, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor
    path.write_bytes(head.ljust(-(-len(head) // 32) * 32, b"\0") + bytes(32))
    return path
