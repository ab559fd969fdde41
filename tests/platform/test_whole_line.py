"""The line from end to end: client, gateway, an implementation in a process of its own, services, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI

from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from tests.platform.conftest import Shell

CONTRACT = load_contract()
TRACE_SCHEMA = json.loads((files("janus_platform") / "schemas/trace.schema.json").read_text())
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def client(up: Callable[[], Shell]) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{up().status()['gateway']['url']}/v1", api_key="any") as made:
        yield made


def ask(client: OpenAI, question: str, model: str = "janus") -> tuple[list[Any], str]:
    """All chunks of the streamed answer, and the request's id."""
    messages = [{"role": "user", "content": question}]
    stream = client.chat.completions.create(model=model, messages=messages, stream=True)  # type: ignore[call-overload]
    return list(stream), stream.response.headers["x-request-id"]


def text_of(chunks: list[Any], field: str) -> str:
    return "".join(getattr(c.choices[0].delta, field, None) or "" for c in chunks if c.choices)


def sources_of(answer: str) -> list[str]:
    return [
        line.rpartition("(")[2].rstrip(")") for line in answer.partition("Sources:")[2].splitlines() if "](" in line
    ]


def test_the_specifications_request_is_answered_from_pages_that_it_names(client: OpenAI) -> None:
    chunks, _ = ask(client, "Explain quantum entanglement")
    fields = [
        "reasoning" if getattr(c.choices[0].delta, "reasoning_content", None) else "content"
        for c in chunks
        if c.choices and (getattr(c.choices[0].delta, "reasoning_content", None) or c.choices[0].delta.content)
    ]
    assert fields == sorted(fields, reverse=True)  # all reasoning comes before any content
    assert {"reasoning", "content"} <= set(fields)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    answer = text_of(chunks, "content")
    assert "entangle" in answer.lower()
    sources, corpus = sources_of(answer), load_corpus()
    assert sources and all(corpus.lookup(url) is not None for url in sources)


def test_the_stream_ends_with_the_marker_of_the_contract(client: OpenAI) -> None:
    body = {"model": "janus", "messages": [{"role": "user", "content": "Explain entanglement"}], "stream": True}
    with httpx.stream("POST", f"{client.base_url}chat/completions", json=body, timeout=60) as response:
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == f"data: {CONTRACT.wire.end_of_stream}"
    assert response.headers["content-type"].startswith("text/event-stream")


def test_a_plot_comes_back_as_an_artifact_made_in_the_sandbox(client: OpenAI, up: Callable[[], Shell]) -> None:
    chunks, request = ask(client, "Plot the correlation of two entangled spins against the angle")
    artifacts = [a for c in chunks for a in (c.model_extra or {}).get(CONTRACT.wire.artifacts_field, [])]
    assert [a["type"] for a in artifacts] == ["image/png"]
    assert base64.b64decode(artifacts[0]["data"], validate=True).startswith(PNG)
    trace = json.loads(up().janus("trace", request, "--json").stdout)
    assert [s["name"] for s in trace["spans"]][-1] == "code_sandbox"


@pytest.mark.parametrize(
    "question", ["What is the population of Ulaanbaatar?", "Who won the 1974 football world cup?", "Explain zymurgy"]
)
def test_what_the_corpus_does_not_cover_is_answered_by_saying_so(client: OpenAI, question: str) -> None:
    reply = client.chat.completions.create(model="janus", messages=[{"role": "user", "content": question}])
    answer = (reply.choices[0].message.content or "").lower()
    assert "sources:" not in answer
    assert any(
        said in answer for said in ("no page", "none of the pages", "do not cover", "does not cover", "found nothing")
    )


def test_the_trace_shows_the_documented_calls_in_their_order(client: OpenAI, up: Callable[[], Shell]) -> None:
    _, request = ask(client, "How does a TCP connection end?")
    done = up().janus("trace", request, "--json")
    trace = json.loads(done.stdout)
    Draft202012Validator(TRACE_SCHEMA).validate(trace)
    # Where the search's words leave it open, the vector index is asked as well.
    names = [s["name"] for s in trace["spans"] if s["name"] != "vector_index"]
    assert names == ["gateway", "node", "implementation", "search", "web_proxy", "inference"]
    parents = {s["name"]: s["parent_id"] for s in trace["spans"]}
    ids = {s["name"]: s["span_id"] for s in trace["spans"]}
    assert (parents["gateway"], parents["node"]) == (None, ids["gateway"])
    assert parents["implementation"] == ids["node"]
    assert {parents[n] for n in names[3:]} == {ids["implementation"]}
    assert {e["name"] for e in trace["spans"][0]["events"]} >= {"first_reasoning", "first_content"}


def test_sandbox_runs_start_while_the_vector_index_computes(up: Callable[[], Shell]) -> None:
    code = (
        "import janus_platform as janus, httpx\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "platform = janus.up()\n"
        "def query(n): return httpx.post('https://vector.janus.rodeo/query', json={'query': f'spin {n}'}, timeout=60)\n"
        "def run(n): return httpx.post('https://sandbox.janus.rodeo/execute', timeout=60,\n"
        "    json={'language': 'bash', 'code': 'echo done'})\n"
        "with platform.limits_off(), ThreadPoolExecutor(6) as pool:\n"
        "    answers = list(pool.map(lambda n: (query if n % 2 else run)(n), range(60)))\n"
        "print({a.status_code for a in answers})"
    )
    done = up().python(code)
    assert done.stdout == "{200}\n", done.stderr


def test_many_askers_at_once_all_get_their_own_answer(client: OpenAI) -> None:
    topics = {
        "Explain exponential decay": "decay",
        "Explain the moon and the tides": "tide",
        "What is asyncio?": "async",
    }
    asked = [*topics] * 3
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda q: text_of(ask(client, q)[0], "content"), asked))
    wrong = [q for q, a in zip(asked, answers, strict=True) if topics[q] not in a.lower() and "limit" not in a.lower()]
    assert wrong == []


def test_gateway_lists_the_default_model_and_every_implementation(client: OpenAI) -> None:
    assert {"janus", "research", "echo"} <= {model.id for model in client.models.list()}
