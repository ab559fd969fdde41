"""Record what the practice pages puzzle over, from runs of the platform: `python -m tests.notebooks.practice [PAGE…]`.

Each page's recording goes to `janus_book/recordings/practice_<page>.json`. All of it is what a trace, a stream, a bill
or a report said; what they were made with is in practice_material.py. Record on a machine that does nothing else, with
the model of the page *The same prefix twice*.
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
from janus_bench.suites.loader import load_suite
from janus_book import road
from janus_book.practice import recorded, recording
from janus_book.tiny_target import Piece, serving
from janus_platform.attestation import measure
from janus_platform.client import Platform, up
from janus_platform.contract import load_contract
from janus_platform.implementations import GUEST, TEMPLATE, bundled
from tests.notebooks.expected import NOTEBOOKS
from tests.notebooks.practice_material import ANSWERED_BY, GATHERED, GUIDE, QUESTIONS, SUSPECT
from tools.notebook_runs import platform_for


def debug_a_trace(platform: Platform) -> dict[str, Any]:
    """Traces of a researched answer, of what the guest does with its calls, and of two culprits; and one raw stream."""
    traces = {}
    with tempfile.TemporaryDirectory() as place, platform.limits_off():
        for name, code in (("gathered", GATHERED), ("suspect", SUSPECT)):
            shutil.copytree(TEMPLATE, folder := Path(place, name))
            (folder / "answer.py").write_text(code, encoding="utf-8")
            platform.submit(folder, name=name)
            ask(
                platform, name, "Explain quantum entanglement", stream=name == "suspect"
            )  # once unseen: pages are cached
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


def talked(_: Platform) -> dict[str, Any]:
    """A conversation with a real model, kept whole and cut short; and the chunks of one answer."""
    whole: list[dict[str, Any]] = []
    trimmed: list[dict[str, Any]] = []
    for history, turns in ((None, whole), (2, trimmed)):
        messages = [{"role": "system", "content": GUIDE}]
        complete([*messages, {"role": "user", "content": QUESTIONS[0]}])  # Both begin with the same in the cache.
        for text in QUESTIONS:
            messages.append({"role": "user", "content": text})
            sent = messages if history is None else [messages[0], *messages[1:][-(2 * history + 1) :]]
            said, chunks = complete(sent)
            messages.append({"role": "assistant", "content": said})
            turns.append(next(chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")))
    return {"whole": whole, "trimmed": trimmed, "stream": chunks}


def read_a_bill(platform: Platform) -> dict[str, Any]:
    """What three implementations bill."""
    return {"runs": {name: billed(bench(platform, name, seed=3)) for name in ("research", "direct", "echo")}}


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


def streamed(_: Platform) -> dict[str, Any]:
    """Streams of a real model, handed on and held back."""
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
            arrivals(url, LENGTHS[-1])  # Before it counts: the first request loads the model.
            streams[name] = [arrivals(url, tokens) for tokens in LENGTHS]
    return {"streams": streams}


def find_the_cheat(platform: Platform) -> dict[str, Any]:
    """Runs of one that knows the suite, and of one that works it out; a report; two event logs."""
    knows = leaked(seed=0)

    def crammed(question: str) -> Iterator[Piece]:
        for word in knows.get(question, "I am ready.").split(" "):
            yield word + " "

    with serving(crammed) as url:
        runs = {"left": janus_bench.run(url, "quick", seed=5, progress=False).records}
    runs["right"] = bench(platform, "research", seed=5).records
    rows = {
        name: [{"item": r.item, "drawn": r.drawn, "right": r.score >= road.RIGHT} for r in records]
        for name, records in runs.items()
    }
    whole = bench(platform, "research", seed=5).to_dict()
    report = {name: whole[name] for name in ("composite", "scores", "requests", "errors")}
    report["timing"] = {"first_token_ms": whole["timing"]["first_token_ms"]}
    kept = ("id", "score", "error", "first_token_ms", "total_ms")
    report["items"] = [{name: item[name] for name in kept} for item in whole["items"]]
    return {"rows": rows, "report": report, "logs": logs()}


LENGTHS = (8, 12, 16, 24, 32, 48, 64)


def leaked(seed: int) -> dict[str, str]:
    """What the full suite takes for right, by the question as this seed asks it: of facts, the first wording."""
    found = {}
    for item in load_suite("full").items(seed):
        check = vars(item.checks[0])
        said = [str(ways[0]).rstrip("*") for ways in check.get("require", ())] or [str(check.get("value", ""))]
        sources = [f"https://{page}" for one in item.checks for page in list(vars(one).get("pages", ()))[:1]]
        found[item.prompt] = " and ".join(said + sources)
    return found


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
        (folder / "known.json").write_text(json.dumps(leaked(seed=0)), "utf-8")
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
    return {"board": board, "seeds": seeds, "again": again, "ranks": ranks(platform)}


def ranks(platform: Platform) -> dict[str, list[int | None]]:
    """At which rank each search shows the page that answers; None where it is not among the first ten."""
    services = load_contract().services
    found: dict[str, list[int | None]] = {"search": [], "vector_index": []}
    with platform.limits_off():
        for question, url in ANSWERED_BY.items():
            first = httpx.post(services["search"].url, json={"query": question, "num_results": 10}, timeout=60).json()
            near = httpx.post(services["vector_index"].url, json={"query": question, "top_k": 10}, timeout=60).json()
            for name, urls in (
                ("search", [one["url"] for one in first["results"]]),
                ("vector_index", list(dict.fromkeys(one["source"] for one in near["chunks"]))),
            ):
                found[name].append(urls.index(url) + 1 if url in urls else None)
    return found


def scores(records: list[Any]) -> list[dict[str, Any]]:
    """Each item with its category and its score."""
    return sorted(
        ({"item": one.item, "category": one.category, "score": one.score} for one in records),
        key=lambda row: (row["category"], row["item"]),
    )


PAGES: dict[str, Callable[[Platform], dict[str, Any]]] = {
    one.__name__: one for one in (debug_a_trace, read_a_bill, design_a_limit, find_the_cheat, choose_an_interval)
}
# What is measured of a real model; everything else runs on the local engine, which is quicker.
WITH_MODEL = {"read_a_bill": talked, "find_the_cheat": streamed}


async def main(names: list[str]) -> None:
    """Record the named pages, or all: `--model` before them records again only what is measured of the model."""
    only_model, own = "--model" in names, dict(os.environ)
    for name in [name for name in names if name in PAGES] or PAGES:
        found = recorded(name) if only_model else {}
        if name in WITH_MODEL:
            found |= await on_a_platform(WITH_MODEL[name], NOTEBOOKS / "prefix_cache.ipynb", own)
        if not only_model:
            found |= await on_a_platform(PAGES[name], NOTEBOOKS / "first_request.ipynb", own)
        found["taken"] = f"{dt.date.today():%d %B %Y}"
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        recording(name).write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {len(text):,} characters", flush=True)


async def on_a_platform(
    record: Callable[[Platform], dict[str, Any]], page: Path, own: dict[str, str]
) -> dict[str, Any]:
    """What `record` finds on a platform such as `page` has, in a home of its own."""
    os.environ.clear()
    os.environ.update(own)
    with tempfile.TemporaryDirectory() as place:
        async with platform_for(page, Path(place, "home")) as (env, _):
            os.environ.update(env)
            platform = up()
            try:
                assert isinstance(platform, Platform)
                return record(platform)
            finally:
                platform.detach()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
