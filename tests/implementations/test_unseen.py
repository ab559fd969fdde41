"""The baseline on questions that stand in no suite (unseen.toml), and that it takes no long time over any text.

The programs that it writes for the code sandbox run here in a process of their own; there is no model and no search, so
what is right was worked out by a program.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import time
from itertools import product as every
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_bench.checks.verdict import Subject
from janus_bench.suites.loader import load_suite, read_suite
from janus_bench.suites.model import Item, product
from tests.implementations.rig import FakeServices, find_solution, read_question, served

SUITE = read_suite(Path(__file__).with_name("unseen.toml"))
DECLINES = ("The given passages do not cover this question.",)
MOST_SECONDS = 0.25  # of processor time for one question: ten times what the slowest takes
LENGTH = 5_000


def run_program(request: httpx.Request, folder: Path) -> httpx.Response:
    """What the code sandbox answers."""
    body = json.loads(request.content)
    for file in body.get("files", []):
        (folder / file["name"]).write_bytes(base64.b64decode(file["data"]))
    done = subprocess.run([sys.executable, "-c", body["code"]], cwd=folder, capture_output=True, text=True, timeout=60)
    for file in body.get("files", []):
        (folder / file["name"]).unlink()
    return httpx.Response(200, json={"stdout": done.stdout, "stderr": done.stderr, "exit_code": done.returncode})


async def score_of(item: Item, client: httpx.AsyncClient) -> float:
    body = {"model": "research", "messages": list(item.messages), **({"tools": list(item.tools)} if item.tools else {})}
    answer = (await client.post("/v1/chat/completions", json=body)).json()
    message = answer["choices"][0]["message"]
    calls = [call["function"] for call in message.get("tool_calls", [])]
    return product(item.evaluate(Subject(item.prompt, message["content"], calls, answer.get("artifacts", []))))


async def scores(folder: Path) -> dict[str, float]:
    fake = FakeServices(
        says=DECLINES,
        overrides={
            "sandbox.janus.rodeo": lambda request: run_program(request, folder),
            "search.janus.rodeo": httpx.Response(200, json={"results": []}),
        },
    )
    async with served(fake) as client:
        return {item.id: await score_of(item, client) for item in SUITE.items(0)}


def test_at_least_25_of_30_questions_that_are_in_no_suite_are_answered_rightly(tmp_path: Path) -> None:
    reached = asyncio.run(scores(tmp_path))
    assert len(reached) == 30
    wrong = [name for name, score in reached.items() if score < 1]
    assert len(wrong) <= 5, wrong


@pytest.mark.parametrize("category", ["full/knowledge", "full/research"])
def test_no_skill_takes_a_question_that_is_for_search(category: str) -> None:
    asked = [item.messages for item in load_suite(category).items(0)]
    assert [messages for messages in asked if find_solution(read_question(list(messages)))] == []


BEGINNINGS = (
    "",
    "Write a Python function `f(n)` that ",
    "What is ",
    "Sort these words: ",
    "Make a picture 20 by 20 pixels ",
)
PIECES = (
    "a ", "1 ", ", ", "'a' ", "from 1 to ", "a, b and c ", "1 km/h ", "1 % ", "each ", "divisible by 3 and ", "not ",
    "x ", "(", "\n", ": ", "A is taller than B. ", "list of ", "object `a` 1 ", "12:30 ", "1 May 2020 ", "red ",
    'says "a", reply b ',
)  # fmt: skip


def test_no_text_takes_long_to_read() -> None:
    find_solution(read_question([{"role": "user", "content": "What is 2 plus 3 times 4?"}]))
    for beginning, piece in every(BEGINNINGS, PIECES):
        text = (beginning + piece * (LENGTH // len(piece)))[:LENGTH]
        said: list[dict[str, Any]] = [{"role": role, "content": text} for role in ("system", "user", "user")]
        question = read_question(said)
        started = time.thread_time()
        find_solution(question)
        assert time.thread_time() - started < MOST_SECONDS, text[:60]
