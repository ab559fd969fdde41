"""The documented sequence of service calls (FR-2, step 4) is the one that the platform records for that request."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from mermaid_cache import diagrams_in

from janus_book.sequence import IMPLEMENTATION, Sequence, differences, documented, recorded
from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.traces.view import Trace
from tests.platform.conftest import Shell
from tools.environment import ROOT

SERVICES = load_contract().services
FOLLOW = """
import json
from dataclasses import asdict
import janus_platform as janus
from janus_book.journey import follow
print(json.dumps(asdict(follow(janus.up()))))
"""
HOMES = ("book/architecture.md", "notebooks/service_calls.ipynb")


def pages() -> dict[str, str]:
    """The Markdown of every page and notebook."""
    found = {f"book/{path.name}": path.read_text("utf-8") for path in (ROOT / "book").glob("*.md")}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found[f"notebooks/{path.name}"] = "\n\n".join(texts)
    return found


def drawn() -> dict[str, Sequence]:
    """Every sequence diagram of the book, by page."""
    return {
        page: documented(diagram.source)
        for page, text in pages().items()
        for diagram in diagrams_in(text)
        if diagram.source.startswith("sequenceDiagram")
    }


@pytest.fixture(scope="module")
def journey(up: Callable[[], Shell]) -> dict[str, Any]:
    """The request that the request-flow pages follow, sent now, with its answer and its trace."""
    done = up().python(FOLLOW)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def raw(journey: dict[str, Any]) -> dict[str, Any]:
    """The trace of that request, to change at will."""
    return copy.deepcopy(journey["recorded"])


def test_the_diagram_stands_on_its_pages_and_says_the_same_on_each() -> None:
    assert set(drawn()) >= set(HOMES)
    assert len({(frozenset(one.participants), one.messages) for one in drawn().values()}) == 1


@pytest.mark.parametrize("page", sorted(drawn()))
def test_the_diagram_and_the_recorded_trace_have_the_same_participants_and_messages(
    page: str, raw: dict[str, Any]
) -> None:
    assert differences(drawn()[page], Trace(raw)) == []


@pytest.mark.parametrize("page", HOMES)
def test_each_message_of_the_diagram_says_what_happened(page: str, journey: dict[str, Any]) -> None:
    spans = {span["name"]: span["attributes"] for span in journey["recorded"]["spans"]}
    said = {(m.sender, m.receiver): m.text for m in drawn()[page].messages}
    chunks = [json.loads(e["text"][6:]) for e in journey["events"] if e["text"].startswith("data: {")]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)

    def between(sender: str, receiver: str, pattern: str) -> str:
        found = re.fullmatch(pattern, said[sender, receiver])
        assert found, said[sender, receiver]
        return found[1]

    search, proxy = SERVICES["search"].title, SERVICES["web_proxy"].title
    model, sandbox = SERVICES["inference"].title, SERVICES["code_sandbox"].title
    query = between(IMPLEMENTATION, search, 'Search for "(.+)"')
    assert f"“{query}”" in thought
    assert int(between(search, IMPLEMENTATION, r"Top (\d+) results")) == spans["search"]["janus.search.results"]
    # The page is an example: which one is read, the search decides. Both can be fetched here.
    [read] = re.findall(r"Reading (https://\S+)\.\n", thought)
    for url in (between(IMPLEMENTATION, proxy, "Fetch (https://.+)"), read):
        assert load_corpus().lookup(url) is not None
    assert between(IMPLEMENTATION, model, "Call (.+) for synthesis") == spans["inference"]["gen_ai.request.model"]
    language = between(IMPLEMENTATION, sandbox, "Execute (.+) visualization")
    assert language.lower() == spans["code_sandbox"]["janus.sandbox.language"]
    between(sandbox, IMPLEMENTATION, "Generated (image)")
    [picture] = [artifact for chunk in chunks for artifact in chunk.get("artifacts", [])]
    assert picture["type"] == "image/png" and base64.b64decode(picture["data"]).startswith(b"\x89PNG")


CALLED = ["search", "web_proxy", "inference", "code_sandbox"]


@pytest.mark.parametrize("service", CALLED)
def test_a_call_that_is_missing_in_the_trace_is_found(service: str, raw: dict[str, Any]) -> None:
    raw["spans"] = [span for span in raw["spans"] if span["name"] != service]
    found = differences(drawn()[HOMES[0]], Trace(raw))
    assert found == [f"{SERVICES[service].title} is in the diagram and not in the trace."]


@pytest.mark.parametrize("service", CALLED)
def test_a_call_that_is_missing_in_the_diagram_is_found(service: str, raw: dict[str, Any]) -> None:
    whole, title = drawn()[HOMES[0]], SERVICES[service].title
    participants = tuple(name for name in whole.participants if name != title)
    messages = tuple(m for m in whole.messages if title not in (m.sender, m.receiver))
    assert differences(Sequence(participants, messages), Trace(raw)) == [
        f"{title} is in the trace and not in the diagram."
    ]


def test_a_second_call_of_the_same_service_is_found(raw: dict[str, Any]) -> None:
    [search] = [span for span in raw["spans"] if span["name"] == "search"]
    raw["spans"].append({**search, "span_id": "f" * 16})
    assert len(differences(drawn()[HOMES[0]], Trace(raw))) == 1


def test_calls_in_another_order_are_found(raw: dict[str, Any]) -> None:
    spans = {span["name"]: span for span in raw["spans"]}
    spans["search"]["name"], spans["web_proxy"]["name"] = "web_proxy", "search"
    assert "The diagram calls Search API, Web Proxy" in differences(drawn()[HOMES[0]], Trace(raw))[0]


def test_a_call_that_was_refused_is_no_reply(raw: dict[str, Any]) -> None:
    spans = {span["name"]: span for span in raw["spans"]}
    spans["code_sandbox"]["attributes"]["http.response.status_code"] = 429
    assert "The diagram has replies of" in differences(drawn()[HOMES[0]], Trace(raw))[0]


def test_a_diagram_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a participant nor a message"):
        documented("sequenceDiagram\n    participant A as One\n    A->>B: hello")


def test_the_recorded_sequence_is_drawn_with_its_words_as_alternative(raw: dict[str, Any]) -> None:
    raw["spans"][-1]["attributes"]["janus.sandbox.language"] = "<script>"
    svg = recorded(Trace(raw)).svg()
    assert all(SERVICES[name].title in svg for name in CALLED)
    assert "Sequence of 4 service calls" in svg and "10 results" in svg and "<script>" not in svg
