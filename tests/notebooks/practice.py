"""Record what the practice pages puzzle over, from runs of the platform: `python -m tests.notebooks.practice [PAGE…]`.

Each page's recording goes to `janus_book/recordings/practice_<page>.json`. Everything in it is what a trace, a stream, a
bill or a report said; names and numbers are chosen here only where a puzzle needs a culprit: the programs below are such
culprits. Record on a machine that does nothing else, with the model of the page *The same prefix twice*.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

import janus_bench
from janus_bench.report.report import Report
from janus_book import road
from janus_book.practice import recording
from janus_book.tiny_target import Piece, serving
from janus_platform.attestation import measure
from janus_platform.client import Platform, up
from janus_platform.contract import load_contract
from janus_platform.implementations import GUEST, TEMPLATE, bundled
from tests.notebooks.expected import NOTEBOOKS
from tools.notebook_runs import platform_for

GATHERED = '''"""Three calls, together; so at least its author thinks."""

import asyncio

import httpx

CALL = {"language": "bash", "code": "sleep 0.1"}


async def call():
    answer = httpx.post("https://sandbox.janus.rodeo/execute", json=CALL)
    return answer.status_code


async def answer(question):
    statuses = await asyncio.gather(call(), call(), call())
    for word in f"{len(statuses)} calls were made.".split(" "):
        yield "content", word + " "
'''
SUSPECT = '''"""Starts a slow chart, thinks aloud, asks a model, and writes on."""

import asyncio
import os

import httpx

CHART = {"language": "bash", "code": "sleep 1.5"}
KEY = {"authorization": f"Bearer {os.environ['CHUTES_API_KEY']}"}


async def answer(question):
    async with httpx.AsyncClient(timeout=30) as http:
        chart = asyncio.create_task(http.post("https://sandbox.janus.rodeo/execute", json=CHART))
        for word in "A chart is being drawn while I read the question twice . ".split(" "):
            yield "reasoning_content", word + " "
            await asyncio.sleep(0.04)
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], "max_tokens": 40}
        said = await http.post("https://api.chutes.ai/v1/chat/completions", json=body, headers=KEY)
        for word in said.json()["choices"][0]["message"]["content"].split(" "):
            yield "content", word + " "
            await asyncio.sleep(0.04)
        await chart
        for word in "The chart is done.".split(" "):
            yield "content", word + " "
'''


def debug_a_trace(platform: Platform) -> dict[str, Any]:
    """Traces of a researched answer, of what the guest does with its calls, and of two culprits; and one raw stream."""
    traces = {}
    with tempfile.TemporaryDirectory() as place, platform.limits_off():
        for name, code in (("gathered", GATHERED), ("suspect", SUSPECT)):
            shutil.copytree(TEMPLATE, folder := Path(place, name))
            (folder / "answer.py").write_text(code, encoding="utf-8")
            platform.submit(folder, name=name)
            ask(platform, name, "Explain quantum entanglement", stream=name == "suspect")  # once unseen: pages are cached
            reply = ask(platform, name, "Explain quantum entanglement", stream=name == "suspect")
            traces[name] = trace(platform, reply)
            platform.remove(name)
    reply = ask(platform, "research", "Who was Émilie du Châtelet?", stream=True)
    traces["answer"] = trace(platform, reply)
    platform.submit(GUEST, name="guest", instances=2)
    for message in ("at once", "in turn", "wrongly", "too often", "crash"):
        traces[message] = trace(platform, ask(platform, "guest", message))
    platform.remove("guest")
    return {"traces": traces, "stream": reply.text, "code": {"gathered": GATHERED, "suspect": SUSPECT}}


def ask(platform: Platform, model: str, text: str, stream: bool = False) -> httpx.Response:
    """The answer to one message, with all of its stream."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
    return httpx.post(f"{platform.url}/v1/chat/completions", json=body, timeout=60)


def trace(platform: Platform, reply: httpx.Response) -> dict[str, Any]:
    """The trace of a request, as it is kept."""
    return platform.trace(reply.headers["x-request-id"]).to_dict()


def read_a_bill(platform: Platform) -> dict[str, Any]:
    """A conversation with a real model, kept whole and cut short; what three implementations bill; one stream's end."""
    whole, question = [], {}
    trimmed = []
    for history, turns in ((None, whole), (2, trimmed)):
        messages = [{"role": "system", "content": GUIDE}]
        for text in QUESTIONS:
            messages.append({"role": "user", "content": text})
            sent = messages if history is None else [messages[0], *messages[1:][-(2 * history + 1) :]]
            said, chunks = complete(sent)
            messages.append({"role": "assistant", "content": said})
            turns.append(next(chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")))
            question = {"text": said, "chunks": chunks}
    runs = {name: billed(bench(platform, name, seed=3)) for name in ("research", "direct", "echo")}
    prices = load_contract().services["inference"].model_engine
    return {
        "whole": whole,
        "trimmed": trimmed,
        "stream": question["chunks"],
        "runs": runs,
        "prices": {"prompt": prices.prompt_usd_per_million, "answer": prices.completion_usd_per_million},
    }


GUIDE = "You are the guide of a small harbour museum. " + " ".join(
    f"Room {n} shows the boats of the year {1800 + 7 * n} and how they were built." for n in range(1, 9)
)
QUESTIONS = [
    "Where are the oldest boats?",
    "Which room comes after that?",
    "How were they built?",
    "Which room would a child like best?",
    "And which one would a shipwright like?",
    "How long does a visit take?",
    "Is there a boat of 1835?",
    "Which rooms have we talked about?",
    "What should I see if I have ten minutes?",
    "Thank you. One sentence to remember?",
]


def complete(messages: list[dict[str, str]], tokens: int = 40) -> tuple[str, list[dict[str, Any]]]:
    """What the real model says, and every chunk of it."""
    chunks = [chunk for _, chunk in timed(messages, tokens)]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas), chunks


def timed(messages: list[dict[str, str]], tokens: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each chunk of a real model's answer with the seconds after which it came."""
    inference = load_contract().services["inference"]
    body = {
        "model": "smollm2-135m",
        "messages": messages,
        "max_tokens": tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    key = {"authorization": f"Bearer {os.environ['CHUTES_API_KEY']}"}
    began = time.perf_counter()
    with httpx.stream("POST", inference.url, json=body, headers=key, timeout=60) as reply:
        reply.raise_for_status()
        for line in reply.iter_lines():
            if line.startswith("data: {"):
                yield time.perf_counter() - began, json.loads(line.removeprefix("data: "))


def bench(platform: Platform, model: str, **settings: Any) -> Report:
    """A run of the quick suite."""
    with platform.limits_off():
        return janus_bench.run(platform.url, "quick", model=model, progress=False, **settings)


def billed(report: Report) -> list[dict[str, Any]]:
    """Each answer's bill, and whether it was right."""
    return [
        {
            "item": record.item,
            "right": record.score >= road.RIGHT,
            "usd": (record.answer.usage or {}).get("cost_usd", 0.0) if record.answer else 0.0,
        }
        for record in report.records
    ]


def design_a_limit(platform: Platform) -> dict[str, Any]:
    """When the requests of a run went out, and how many searches each of three readers sent in it."""
    sent = {}
    for name in ("research", "direct", "echo"):
        records = bench(platform, name, seed=3, concurrency=8).records
        first = min(record.sent_ns for record in records)
        sent[name] = sorted(round((record.sent_ns - first) / 1e9, 3) for record in records)
    return {"sent": sent}


def find_the_cheat(platform: Platform) -> dict[str, Any]:
    """Streams of a real model, one handed on and one held back; runs of one that knows the suite; two event logs."""
    streams = {}
    for name, hold in (("left", False), ("right", True)):

        def model(question: str, hold: bool = hold) -> Iterator[Piece]:
            story = timed([{"role": "user", "content": question}], int(question.split()[-1]))
            pieces = ((at, (chunk["choices"] or [{"delta": {}}])[0]["delta"].get("content")) for at, chunk in story)
            spoken = ((at, text) for at, text in pieces if text)
            if not hold:
                yield from (text for _, text in spoken)
                return
            whole = list(spoken)
            pace = sum(after[0] - before[0] for before, after in pairwise(whole)) / max(1, len(whole) - 1)
            for _, text in whole:
                yield text
                yield pace

        with serving(model) as url:
            streams[name] = [arrivals(url, tokens) for tokens in LENGTHS]
    knows = {one.item: one for one in bench(platform, "research", seed=0).records}
    texts = prompts(0)

    def crammed(question: str) -> Iterator[Piece]:
        record = knows.get(texts.get(question, ""))
        answer = record.answer.text if record and record.answer else "I am ready."
        for word in (answer or "I am ready.").split(" "):
            yield word + " "

    with serving(crammed) as url:
        runs = {"left": janus_bench.run(url, "quick", seed=5, progress=False).records}
    runs["right"] = bench(platform, "research", seed=5).records
    rows = {
        name: [{"item": r.item, "drawn": r.drawn, "right": r.score >= road.RIGHT} for r in records]
        for name, records in runs.items()
    }
    report = bench(platform, "research", seed=5).to_dict()
    return {"streams": streams, "rows": rows, "report": report, "logs": logs()}


LENGTHS = (8, 12, 16, 24, 32, 48, 64)


def prompts(seed: int) -> dict[str, str]:
    """The id of each item of the quick suite, by the question that this seed asks."""
    from janus_bench.suites.loader import load_suite

    return {item.prompt: item.id for item in load_suite("quick").items(seed)}


def arrivals(url: str, tokens: int) -> list[float]:
    """The seconds after which each piece of an answer came."""
    body = {"messages": [{"role": "user", "content": f"Tell me a story. Words at most: {tokens}"}], "stream": True}
    began, times = time.perf_counter(), []
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=60) as reply:
        for line in reply.iter_lines():
            if '"content"' in line:
                times.append(round(time.perf_counter() - began, 4))
    return times


def logs() -> dict[str, Any]:
    """The code events of an implementation when it was entered, and of what ran a day later."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "mine")
        shutil.copytree(bundled()["direct"], folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        (folder / "README.md").write_text("Hands each question to a model.\n", encoding="utf-8")
        hosts = load_contract().egress.allowed_hosts
        entered = [*measure.code(folder), *measure.egress(hosts, 443)]
        main = folder / "main.py"
        main.write_text(main.read_text("utf-8").replace("import", "import known\nimport", 1), encoding="utf-8")
        (folder / "known.json").write_text(json.dumps({text: item for text, item in prompts(0).items()}), "utf-8")
        (folder / "README.md").unlink()
        ran = [*measure.code(folder), *measure.egress(hosts, 443)]
    plain = ("register", "name", "value")
    return {
        name: [{key: getattr(event, key) for key in plain} for event in events]
        for name, events in (("entered", entered), ("ran", ran))
    }


def choose_an_interval(platform: Platform) -> dict[str, Any]:
    """Scores by item: of every step of the road, of one implementation in four seeds, and in one seed four times."""
    board = {}
    run: road.Run = {}
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        road.begin(road.STEPS[0].name)
        for step in road.STEPS:
            road.add(step, Path(road.FOLDER))
            run = run | road.bench(platform, step.touches)
            board[step.name] = scores([record for report in run.values() for record in report.records])
    seeds = {str(seed): scores(bench(platform, "research", seed=seed).records) for seed in range(4)}
    again = [scores(bench(platform, "direct", seed=0).records) for _ in range(4)]
    return {"board": board, "seeds": seeds, "again": again}


def scores(records: list[Any]) -> list[dict[str, Any]]:
    """Each item with its category and its score."""
    return sorted(
        ({"item": one.item, "category": one.category, "score": one.score} for one in records),
        key=lambda row: (row["category"], row["item"]),
    )


PAGES: dict[str, Callable[[Platform], dict[str, Any]]] = {
    one.__name__: one for one in (debug_a_trace, read_a_bill, design_a_limit, find_the_cheat, choose_an_interval)
}


async def main(names: list[str]) -> None:
    """Record the named pages, or all, each on a platform with the model."""
    own = dict(os.environ)
    for name in names or PAGES:
        os.environ.clear()
        os.environ.update(own)
        with tempfile.TemporaryDirectory() as place:
            async with platform_for(NOTEBOOKS / "prefix_cache.ipynb", Path(place, "home")) as (env, _):
                os.environ.update(env)
                platform = up()
                found = PAGES[name](platform)
                platform.detach()
        taken = {"taken": f"{dt.date.today():%d %B %Y}"}
        text = json.dumps({**taken, **found}, ensure_ascii=False, separators=(",", ":"))
        recording(name).write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {len(text):,} characters")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
