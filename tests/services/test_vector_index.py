"""The Vector Index: answers by meaning when the model is there, by words when it is not, and says which."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.corpus import load_corpus
from janus_platform.services import vector_index
from janus_platform.services.embedding import MANIFEST_FILE, QUANTISED_FILE, Encoder
from janus_platform.services.model_files import TOKENIZER, Hub
from janus_platform.services.vector_index import VectorIndex, build
from janus_platform.services.vector_index_chunks import WORDS_PER_CHUNK, Chunk, chunks_of, key_of, split
from janus_platform.services.vector_index_prepare import prepare
from janus_platform.services.vector_index_store import ExactStore, index_file, load_vectors, save_vectors
from tests.services.asgi import CONTRACT, ask, context
from tests.services.model import quiet, shared_model

SERVICE = CONTRACT.services["vector_index"]
TCP = "How does TCP handshake work?"

FACTS = [
    Chunk("Yeast gives off gas, and its bubbles lift the dough.", "https://kitchen.example/bread", "Bread", "Rising"),
    Chunk("The Moon pulls the sea, twice a day.", "https://sea.example/tides", "Tides", ""),
    Chunk("SYN, SYN-ACK and ACK open a connection.", "https://net.example/tcp", "TCP", "Handshake"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home of its own for model and vectors, with the model in it."""
    for name in (QUANTISED_FILE, MANIFEST_FILE, TOKENIZER.name):
        shutil.copy(shared_model() / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def prepared(folder: Path) -> Path:
    save_vectors(Encoder.load(folder), FACTS, folder, quiet)
    return folder


def ask_about(index: VectorIndex, query: str, **options: Any) -> dict[str, Any]:
    answer = ask(build(context(), index), "POST", SERVICE.url, json={"query": query, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def health(index: VectorIndex) -> dict[str, Any]:
    return ask(build(context(), index), "GET", SERVICE.origin + "/health").json()


# By meaning


def test_with_the_model_the_best_chunk_is_the_one_that_means_the_same(prepared: Path) -> None:
    index = VectorIndex(FACTS, prepared)
    assert health(index)["method"] == "semantic"
    answer = ask_about(index, "Why does the water at the beach come and go?")
    assert answer["method"] == "semantic"
    assert "notice" not in answer
    assert answer["chunks"][0]["source"] == "https://sea.example/tides"


def test_scores_are_cosines_and_descend(prepared: Path) -> None:
    chunks = ask_about(VectorIndex(FACTS, prepared), "a loaf that rises")["chunks"]
    scores = [chunk["score"] for chunk in chunks]
    assert all(set(chunk) >= {"content", "source", "score"} for chunk in chunks)
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= score <= 1 for score in scores)


def test_top_k_is_a_ceiling(prepared: Path) -> None:
    index = VectorIndex(FACTS, prepared)
    assert len(ask_about(index, "sea", top_k=1)["chunks"]) == 1
    assert len(ask_about(index, "sea", top_k=50)["chunks"]) == len(FACTS)


def test_queries_at_the_same_time_load_the_model_once(prepared: Path, monkeypatch) -> None:
    loads: list[Path] = []
    load = Encoder.load
    monkeypatch.setattr(vector_index.Encoder, "load", lambda folder: loads.append(folder) or load(folder))
    index = VectorIndex(FACTS, prepared)

    async def many() -> list[dict[str, Any]]:
        return await asyncio.gather(*(index.query("sea", 1) for _ in range(8)))

    assert {answer["method"] for answer in asyncio.run(many())} == {"semantic"}
    assert len(loads) == 1


# By words


def test_without_the_model_every_answer_says_so_and_what_to_run(tmp_path: Path) -> None:
    index = VectorIndex.of(load_corpus(), tmp_path)
    answer = ask_about(index, TCP)
    assert answer["method"] == "lexical"
    assert "janus prepare" in answer["notice"]
    assert "/tcp/" in answer["chunks"][0]["source"]
    scores = [chunk["score"] for chunk in answer["chunks"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score < 1 for score in scores)
    assert health(index)["method"] == "lexical"
    assert "janus prepare" in health(index)["notice"]


def test_a_model_that_arrives_later_is_used_without_a_restart(prepared: Path, tmp_path_factory) -> None:
    home = tmp_path_factory.mktemp("home") / "model"
    index = VectorIndex(FACTS, home)
    assert ask_about(index, "sea")["method"] == "lexical"
    shutil.copytree(prepared, home)
    assert ask_about(index, "sea")["method"] == "semantic"
    assert "notice" not in health(index)


def test_a_damaged_model_means_words_and_not_failure(prepared: Path) -> None:
    (prepared / QUANTISED_FILE).write_bytes(b"damaged")
    answer = ask_about(VectorIndex(FACTS, prepared), "sea")
    assert answer["method"] == "lexical"
    assert "damaged" in answer["notice"]


def test_missing_vectors_are_made_in_the_background_while_words_answer(folder: Path, monkeypatch) -> None:
    index = VectorIndex(FACTS, folder)
    assert health(index)["method"] == "lexical"
    asked = threading.Event()
    save = vector_index.save_vectors
    monkeypatch.setattr(vector_index, "save_vectors", lambda *given: asked.wait(30) and save(*given))
    ask_about(index, "sea")
    while_making = ask_about(index, "sea")
    asked.set()
    assert index._rebuild is not None
    index._rebuild.join()
    assert while_making["method"] == "lexical"
    assert f"of {len(FACTS)} chunks" in while_making["notice"]
    assert ask_about(index, "sea")["method"] == "semantic"
    assert load_vectors(FACTS, folder) is not None


def test_an_index_that_cannot_be_made_means_words_and_not_failure(folder: Path, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(vector_index, "save_vectors", full)
    index = VectorIndex(FACTS, folder)
    ask_about(index, "sea")
    assert index._rebuild is not None
    index._rebuild.join()
    answer = ask_about(index, "sea")
    assert (answer["method"], answer["notice"]) == ("lexical", vector_index.FAILED)


# Set-up


def test_preparing_makes_the_vectors_once(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("janus_platform.services.vector_index_prepare.chunks_of", lambda _: FACTS)
    steps: list[str] = []
    report = prepare(load_corpus(), lambda step, *_: steps.append(step), folder=folder)
    assert (report.method, report.chunks, report.notice) == ("semantic", len(FACTS), "")
    assert "encoding the knowledge base" in steps
    steps.clear()
    assert prepare(load_corpus(), lambda step, *_: steps.append(step), folder=folder) == report
    assert steps == []


def test_preparing_without_a_network_reports_words_and_why(tmp_path: Path) -> None:
    report = prepare(load_corpus(), quiet, folder=tmp_path, sources=(Hub("http://127.0.0.1:9/"),))
    assert report.method == "lexical"
    assert "model hub" in report.notice


# Store and chunks


def test_changed_chunks_need_new_vectors_and_old_ones_are_removed(prepared: Path) -> None:
    changed = [*FACTS[:2], Chunk("Something else.", "https://a.example/", "", "")]
    assert load_vectors(changed, prepared) is None
    save_vectors(Encoder.load(prepared), changed, prepared, quiet)
    assert load_vectors(changed, prepared) is not None
    assert not index_file(prepared, FACTS).exists()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not numpy", b"\x80\x04."])
def test_a_damaged_vector_file_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    index_file(tmp_path, FACTS).write_bytes(content)
    assert load_vectors(FACTS, tmp_path) is None


def test_exact_search_finds_the_nearest_first() -> None:
    import numpy as np

    store = ExactStore(np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32))
    assert [i for i, _ in store.nearest(np.array([0, 1], np.float32), 2)] == [1, 2]


def test_every_chunk_of_the_corpus_is_a_passage_of_its_page() -> None:
    chunks = chunks_of(load_corpus())
    assert len(chunks) >= 200
    assert all(chunk.content.strip() == chunk.content != "" for chunk in chunks)
    assert {chunk.source for chunk in chunks} <= {page.url for page in load_corpus().pages}
    assert max(len(chunk.content.split()) for chunk in chunks) <= 2 * WORDS_PER_CHUNK


@given(st.lists(st.sampled_from(["word", "end.", "\n", "a longer line of words here"]), max_size=400))
def test_cutting_loses_no_word_and_changes_no_order(parts: list[str]) -> None:
    text = " ".join(parts)
    assert " ".join(split(text)).split() == text.split()


def test_the_key_changes_with_any_chunk() -> None:
    assert key_of(FACTS) != key_of(FACTS[:2]) != key_of(FACTS[1:])


# Bad input

LEXICAL = build(context(), VectorIndex(FACTS, Path("/nonexistent/janus")))


@given(st.text(max_size=200))
def test_no_query_makes_the_index_fail(query: str) -> None:
    answer = ask(LEXICAL, "POST", SERVICE.url, json={"query": query})
    assert answer.status_code in (200, 422)


def test_no_query_makes_the_encoder_fail(prepared: Path) -> None:
    app = build(context(), VectorIndex(FACTS, prepared))
    for query in ("\x00", "!!!", "\u202e\ufeff", "日本", "a" * 2_000, "[MASK] [SEP] [CLS]", "\n.\n"):
        answer = ask(app, "POST", SERVICE.url, json={"query": query})
        assert (answer.status_code, answer.json()["method"]) == (200, "semantic"), query


@pytest.mark.parametrize("body", [{"query": "a", "top_k": 0}, {"query": "a", "top_k": 51}, {"query": "a" * 2_001}, {}])
def test_a_field_out_of_bounds_is_refused(body: dict[str, Any]) -> None:
    assert ask(LEXICAL, "POST", SERVICE.url, json=body).status_code == 422
