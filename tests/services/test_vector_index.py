"""The Vector Index: answers by meaning when the model is there, by words when it is not, and says which."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from janus_platform.clock import ManualClock
from janus_platform.corpus import load_corpus
from janus_platform.services.embedding.download import Progress
from janus_platform.services.embedding.encoder import QUANTISED_FILE, Encoder
from janus_platform.services.vector_index import app as vector_index
from janus_platform.services.vector_index.app import UPLOAD_PATH, VectorIndex, build
from janus_platform.services.vector_index.build import BuildError
from janus_platform.services.vector_index.chunks import Chunk
from janus_platform.services.vector_index.knowledge import Knowledge, save
from janus_platform.services.vector_index.store import Matches
from janus_platform.services.vector_index.vectors import vectors_file
from tests.services.asgi import ask, context
from tests.services.vector_index_rig import (
    FACTS,
    KEY,
    SERVICE,
    ask_about,
    copy_model,
    health,
    index_of,
    no_build,
    write_index,
)

TCP = "How does TCP handshake work?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own for model and indexes, with the model in it."""
    return copy_model(tmp_path)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that also has the index; not to be changed."""
    made = copy_model(tmp_path_factory.mktemp("prepared"))
    write_index(made)
    return made


# By meaning


def test_with_the_model_the_best_chunk_is_the_one_that_means_the_same(prepared: Path) -> None:
    index = index_of(prepared)
    assert health(index)["method"] == "semantic"
    answer = ask_about(index, "Why does the water at the beach come and go?")
    assert answer["method"] == "semantic"
    assert "notice" not in answer
    assert answer["chunks"][0]["source"] == "https://sea.example/tides"


def test_top_k_is_a_ceiling(prepared: Path) -> None:
    index = index_of(prepared)
    assert len(ask_about(index, "sea", top_k=1)["chunks"]) == 1
    assert len(ask_about(index, "sea", top_k=50)["chunks"]) == len(FACTS)


def test_queries_at_the_same_time_load_the_model_once_and_share_passes(prepared: Path, monkeypatch: Any) -> None:
    loads: list[Path] = []
    passes: list[int] = []
    load, encode = Encoder.load, Encoder.encode

    def counted(self: Encoder, texts: Any, *rest: Any, **options: Any) -> Any:
        passes.append(len(texts))
        return encode(self, texts, *rest, **options)

    monkeypatch.setattr(vector_index.Encoder, "load", lambda folder: loads.append(folder) or load(folder))
    monkeypatch.setattr(vector_index.Encoder, "encode", counted)
    index = index_of(prepared)
    words = ["sea", "dough", "connection", "gas", "moon", "bubbles", "day", "open"]

    async def many() -> list[dict[str, Any]]:
        return await asyncio.gather(*(index.query(word, 1) for word in words))

    together = asyncio.run(many())
    assert len(loads) == 1
    assert (sum(passes), len(passes) < len(words)) == (len(words), True)
    assert together == [asyncio.run(index.query(word, 1)) for word in words]


def test_a_query_that_fails_fails_alone(prepared: Path, monkeypatch: Any) -> None:
    index = index_of(prepared)
    asyncio.run(index.warm())
    encode = Encoder.encode
    monkeypatch.setattr(vector_index.Encoder, "encode", lambda *_, **__: 1 / 0)
    answer = ask(build(context(), index), "POST", SERVICE.url, json={"query": "sea"})
    assert (answer.status_code, answer.json()["type"].endswith("internal-error")) == (500, True)
    monkeypatch.setattr(vector_index.Encoder, "encode", encode)
    assert ask_about(index, "sea")["method"] == "semantic"


WORDS = st.text(max_size=80) | st.sampled_from(["\x00", "!!!", "\u202e\ufeff", "日本", "a" * 2_000, "[MASK] [SEP]"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=WORDS, top_k=st.integers(-1, 52), method=st.sampled_from(["semantic", "lexical"]))
def test_whatever_is_asked_scores_stay_in_their_bounds_and_by_words_descend(
    prepared: Path, query: str, top_k: int, method: str
) -> None:
    index = index_of(prepared if method == "semantic" else Path("/nonexistent/janus"), build=_nothing_built)
    answer = ask(build(context(), index), "POST", SERVICE.url, json={"query": query, "top_k": top_k})
    wanted = 200 if query.strip() and 1 <= top_k <= 50 else 422
    assert answer.status_code == wanted
    if wanted == 200:
        chunks = answer.json()["chunks"]
        scores = [chunk["score"] for chunk in chunks]
        assert answer.json()["method"] == method
        assert method == "semantic" or scores == sorted(scores, reverse=True)
        assert len(chunks) <= top_k
        assert all(-1 <= score <= 1 for score in scores)
        assert all(isinstance(chunk["content"], str) and chunk["source"].startswith("https://") for chunk in chunks)


# Filter by source


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("sea.example", {"https://sea.example/tides"}),
        ("SEA.example", {"https://sea.example/tides"}),
        ("example", {fact.source for fact in FACTS}),
        ("https://net.example/tcp#open", {"https://net.example/tcp#open"}),
        ("https://net.example/tc", {"https://net.example/tcp#open"}),
        ("kitchen.example/br", {"https://kitchen.example/bread"}),
        ("https://sea.example/", {"https://sea.example/tides"}),
        ("ea.example", set()),
        ("https://sea.example/Tides", set()),
    ],
)
@pytest.mark.parametrize("method", ["semantic", "lexical"])
def test_source_keeps_to_a_host_or_to_the_beginning_of_a_url(
    prepared: Path, source: str, found: set[str], method: str
) -> None:
    index = index_of(prepared if method == "semantic" else Path("/nonexistent/janus"), build=_nothing_built)
    answer = ask_about(index, "dough sea connection", source=source)
    assert {chunk["source"] for chunk in answer["chunks"]} == found
    assert ("No chunk has a source like that" in answer.get("notice", "")) == (not found)


@pytest.mark.parametrize("source", ["", " ", "a b", "/tides", "ftp://sea.example", "*", "https://", "x" * 501, 5, []])
def test_what_is_no_source_is_refused_with_an_example(source: Any) -> None:
    answer = ask(
        build(context(), index_of(Path("/nonexistent"))), "POST", SERVICE.url, json={"query": "a", "source": source}
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "source")


# By words


def test_without_the_model_every_answer_says_so_and_what_to_run(tmp_path: Path) -> None:
    index = VectorIndex.of(load_corpus(), tmp_path)
    index._build = _nothing_built
    answer = ask_about(index, TCP)
    assert answer["method"] == "lexical"
    assert "janus prepare" in answer["notice"]
    assert "/tcp/" in answer["chunks"][0]["source"]
    scores = [chunk["score"] for chunk in answer["chunks"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score < 1 for score in scores)
    assert health(index)["method"] == "lexical"
    assert "janus prepare" in health(index)["notice"]


def test_a_model_that_arrives_later_is_used_without_a_restart(prepared: Path, tmp_path: Path) -> None:
    home = tmp_path / "model"
    index = index_of(home, build=_nothing_built)
    assert ask_about(index, "sea")["method"] == "lexical"
    shutil.copytree(prepared, home)
    assert ask_about(index, "sea")["method"] == "semantic"
    assert health(index)["method"] == "semantic"


def test_a_damaged_model_means_words_and_not_failure(folder: Path) -> None:
    (folder / QUANTISED_FILE).write_bytes(b"damaged")
    answer = ask_about(index_of(folder), "sea")
    assert answer["method"] == "lexical"
    assert "damaged" in answer["notice"]


# Made in the background


async def _nothing_built(folder: Path, progress: Progress) -> None:
    """A build that finds nothing to do."""


class SlowBuild:
    """A build that waits for a word, after it has said how far it is."""

    def __init__(self, finish: Any) -> None:
        self.started, self.go, self.calls = asyncio.Event(), asyncio.Event(), 0
        self._finish = finish

    async def __call__(self, folder: Path, progress: Progress) -> None:
        self.calls += 1
        progress("encoding the knowledge base", 1, 3)
        self.started.set()
        await self.go.wait()
        self._finish(folder)


def test_a_missing_index_is_made_while_words_answer(folder: Path) -> None:
    async def story() -> None:
        making = SlowBuild(write_index)
        index = index_of(folder, build=making)
        assert "first query" in index.health()["notice"]
        await index.query("sea", 1)
        await making.started.wait()
        meanwhile = await index.query("sea", 1)
        assert (meanwhile["method"], index.health()["encoded"]) == ("lexical", {"done": 1, "of": 3})
        assert "1 of 3" in meanwhile["notice"]
        making.go.set()
        assert index._building is not None
        await index._building
        assert (await index.query("sea", 1))["method"] == "semantic"
        assert (making.calls, "encoded" in index.health()) == (1, False)

    asyncio.run(story())


def test_an_older_index_answers_by_meaning_while_a_newer_one_is_made(folder: Path) -> None:
    newer = (*FACTS, Chunk("A comet has a tail of gas.", "https://sky.example/comets", "Comets", ""))
    write_index(folder)

    async def story() -> None:
        making = SlowBuild(lambda place: write_index(place, newer, "newer"))
        index = index_of(folder, key=lambda: "newer", build=making)
        before = await index.query("a body in the sky", 1)
        assert (before["method"], before["chunks"][0]["source"]) == ("semantic", "https://sea.example/tides")
        making.go.set()
        assert index._building is not None
        await index._building
        assert (await index.query("a body in the sky", 1))["chunks"][0]["source"] == "https://sky.example/comets"

    asyncio.run(story())


@pytest.mark.parametrize("error", [BuildError("no space left"), OSError("no such program")])
def test_an_index_that_cannot_be_made_means_words_and_not_failure(folder: Path, error: Exception) -> None:
    async def failing(folder: Path, progress: Progress) -> None:
        raise error

    async def story() -> None:
        index = index_of(folder, build=failing)
        await index.query("sea", 1)
        assert index._building is not None
        await index._building
        answer = await index.query("sea", 1)
        assert (answer["method"], answer["notice"]) == ("lexical", vector_index.Status.FAILED.value)
        write_index(folder)  # As `janus prepare` would.
        assert (await index.query("sea", 1))["method"] == "semantic"

    asyncio.run(story())


def test_without_a_model_the_whole_knowledge_is_answered_from_by_words(tmp_path: Path) -> None:
    async def read(folder: Path, progress: Progress) -> None:
        save(Knowledge(KEY, FACTS), folder)

    async def story() -> None:
        index = VectorIndex(FACTS[:1], tmp_path, key=lambda: KEY, build=read)
        assert (await index.query("moon", 1))["chunks"] == []
        assert index._building is not None
        await index._building
        answer = await index.query("moon", 1)
        assert answer["chunks"][0]["source"] == "https://sea.example/tides"
        assert "janus prepare" in answer["notice"]

    asyncio.run(story())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not numpy", b"\x80\x04."])
def test_damaged_vectors_are_made_anew(folder: Path, content: bytes) -> None:
    write_index(folder)
    vectors_file(folder, KEY).write_bytes(content)
    index = index_of(folder, build=_nothing_built)
    assert ask_about(index, "sea")["method"] == "lexical"


# A server in place of the exact store


def test_another_store_takes_the_place_of_the_exact_one(prepared: Path) -> None:
    class Server:
        def __init__(self, sources: list[str]) -> None:
            self.sources = sources

        def nearest(self, vector: Any, limit: int, matches: Matches | None = None) -> list[tuple[int, float]]:
            found = [i for i, source in enumerate(self.sources) if matches is None or matches(source)]
            return [(i, 0.5) for i in reversed(found)][:limit]

    index = index_of(prepared, make_store=lambda vectors, sources: Server(list(sources)))
    assert [c["source"] for c in ask_about(index, "x")["chunks"]] == [f.source for f in reversed(FACTS)]
    assert [c["score"] for c in ask_about(index, "x", source="sea.example")["chunks"]] == [0.5]


# Limits and the future


def test_the_fifty_first_query_of_a_minute_waits_for_its_turn() -> None:
    clock = ManualClock()
    app = build(context(limits=True, clock=clock), index_of(Path("/nonexistent"), build=_nothing_built))
    codes = [ask(app, "POST", SERVICE.url, json={"query": "sea"}).status_code for _ in range(50)]
    refused = ask(app, "POST", SERVICE.url, json={"query": "sea"})
    assert (set(codes), refused.status_code, refused.headers["Retry-After"]) == ({200}, 429, "60")
    clock.advance(60)
    assert ask(app, "POST", SERVICE.url, json={"query": "sea"}).status_code == 200


def test_upload_is_named_a_future_feature() -> None:
    app = build(context(), index_of(Path("/nonexistent")))
    answer = ask(app, "POST", SERVICE.origin + UPLOAD_PATH, content=b"anything")
    assert (answer.status_code, answer.json()["type"].endswith("future-feature")) == (501, True)
    assert SERVICE.future_features[0] in answer.json()["detail"]


@pytest.mark.parametrize("body", [{"query": "a", "top_k": 0}, {"query": "a", "top_k": 51}, {"query": "a" * 2_001}, {}])
def test_a_field_out_of_bounds_is_refused(body: dict[str, Any]) -> None:
    app = build(context(), index_of(Path("/nonexistent"), build=no_build))
    assert ask(app, "POST", SERVICE.url, json=body).status_code == 422
