"""The tiny target sends what its generator yields, when it yields it."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import janus_bench
from janus_book.tiny_target import Piece, serving


def ask(url: str, **more: Any) -> Any:
    """The response of a chat request, read as it comes."""
    body = {"model": "any", "messages": [{"role": "user", "content": "What is it?"}], **more}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    return urllib.request.urlopen(request, timeout=30)


def events(response: Any) -> list[str]:
    return [line.decode().strip().removeprefix("data: ") for line in response if line.strip()]


def test_pieces_come_as_chunks_in_order_with_an_end() -> None:
    def answer(question: str) -> Iterator[Piece]:
        yield {"delta": {"reasoning_content": "I look."}}
        yield question
        yield 0.001
        yield {"usage": {"completion_tokens": 3}}

    with serving(answer) as url, ask(url, stream=True) as response:
        *chunks, done = events(response)
    parsed = [json.loads(chunk) for chunk in chunks]
    assert [chunk["choices"][0]["delta"] for chunk in parsed] == [
        {"reasoning_content": "I look."}, {"content": "What is it?"}, {}, {},
    ]  # fmt: skip
    assert parsed[2]["usage"] == {"completion_tokens": 3}
    assert parsed[-1]["choices"][0]["finish_reason"] == "stop"
    assert done == "[DONE]"


def test_a_piece_leaves_before_the_next_is_made() -> None:
    arrived = threading.Event()

    def answer(question: str) -> Iterator[Piece]:
        yield "first"
        assert arrived.wait(30)
        yield "second"

    with serving(answer) as url, ask(url, stream=True) as response:
        assert "first" in response.readline().decode()
        arrived.set()
        assert "second" in response.read().decode()


def test_a_request_that_is_not_streamed_gets_one_answer() -> None:
    with serving(lambda question: ["It ", 0, "is."]) as url, ask(url) as response:
        assert json.load(response)["choices"][0]["message"]["content"] == "It is."


def test_it_is_gone_afterwards() -> None:
    with serving(lambda question: ["yes"]) as url:
        pass
    with pytest.raises(OSError):
        ask(url)


def test_the_bench_finds_no_fault_with_its_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_HOME", str(tmp_path))
    with serving(lambda question: ["I ", "do ", "not ", "know."]) as url:
        report = janus_bench.run(url, "reasoning", progress=False).to_dict()
    assert report["errors"] == {}
    assert report["violations"] == {}
