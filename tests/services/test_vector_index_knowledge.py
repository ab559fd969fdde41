"""What the Vector Index knows: the corpus, this book, documentation out of docstrings, cut into chunks and kept."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.services.embedding.kept import embeddings_file
from janus_platform.services.vector_index.book import REPOSITORY, book_chunks
from janus_platform.services.vector_index.chunks import (
    BOOK,
    CORPUS,
    DOCUMENTATION,
    WORDS_PER_CHUNK,
    Chunk,
    chunks_of,
    key_of,
    split,
)
from janus_platform.services.vector_index.docs import documentation_chunks
from janus_platform.services.vector_index.knowledge import Knowledge, current_key, gather, head, load, save
from janus_platform.services.vector_index.store import ExactStore
from janus_platform.services.vector_index.vectors import (
    Vectors,
    load_vectors,
    save_vectors,
    vectors_file,
    vectors_of,
)
from tests.services.vector_index_rig import FACTS, KEY

REPOSITORY_URL = load_contract().repository


@pytest.fixture(scope="module")
def documentation() -> list[Chunk]:
    return documentation_chunks()


# Chunks


def test_there_are_three_thousand_chunks_even_without_the_book(documentation: list[Chunk]) -> None:
    assert len(chunks_of(load_corpus())) + len(documentation) >= 3_000


def test_every_chunk_of_the_corpus_is_a_passage_of_its_page() -> None:
    chunks = chunks_of(load_corpus())
    assert {chunk.group for chunk in chunks} == {CORPUS}
    assert all(chunk.content.strip() == chunk.content != "" for chunk in chunks)
    assert {chunk.source for chunk in chunks} <= {page.url for page in load_corpus().pages}
    assert max(len(chunk.content.split()) for chunk in chunks) <= 2 * WORDS_PER_CHUNK


@given(st.lists(st.sampled_from(["word", "end.", "\n", "a longer line of words here"]), max_size=400))
def test_cutting_loses_no_word_and_changes_no_order(parts: list[str]) -> None:
    text = " ".join(parts)
    assert " ".join(split(text)).split() == text.split()
    encoded = Chunk(text, "https://a.example/", "", "").encoded_texts
    assert " ".join(encoded).split() == text.split()


def test_prose_is_encoded_by_the_sentence_with_its_place_before_it() -> None:
    first = "A sentence of more than ten words stands here, on its own. "
    chunk = Chunk(first + "Yes. And this one is joined with the short one that stands before it.", "s", "Title", "Part")
    assert [text.split("\n")[0] for text in chunk.encoded_texts] == ["Title – Part"] * 2
    assert [text.split("\n")[1].split()[0] for text in chunk.encoded_texts] == ["A", "Yes."]


def test_the_key_changes_with_any_chunk() -> None:
    assert key_of(FACTS) != key_of(FACTS[:2]) != key_of(FACTS[1:])


# Documentation


@pytest.mark.parametrize(
    ("name", "page", "says"),
    [
        ("asyncio.gather", "https://docs.python.org/3/library/asyncio-task.html", "future aggregating results"),
        ("json.dumps", "https://docs.python.org/3/library/json.html", "JSON"),
        ("http.client.HTTPConnection.request", "https://docs.python.org/3/library/http.client.html", "request"),
        ("ssl.create_default_context", "https://docs.python.org/3/library/ssl.html", "SSLContext"),
        ("socket.create_connection", "https://docs.python.org/3/library/socket.html", "Connect"),
        ("collections.Counter", "https://docs.python.org/3/library/collections.html", "counting"),
        ("collections.deque", "https://docs.python.org/3/library/collections.html", "list-like"),
        ("itertools.permutations", "https://docs.python.org/3/library/itertools.html", "permutations"),
        ("httpx.Client", "https://www.python-httpx.org/api/", "connection pooling"),
        ("openai.resources.chat.completions.Completions.create", "https://github.com/openai/openai-python/", "Args"),
        ("starlette.requests.HTTPConnection", "https://www.starlette.io/requests/", "connections"),
    ],
)
def test_documentation_names_its_page_and_its_thing(
    documentation: list[Chunk], name: str, page: str, says: str
) -> None:
    found = [chunk for chunk in documentation if chunk.title == name]
    assert found, f"{name} is not documented"
    assert all(chunk.source.startswith(page) and chunk.source.endswith("#" + name) for chunk in found)
    assert any(says in chunk.content for chunk in found)
    assert found[0].content.startswith(name)


def test_documentation_has_no_private_names_and_no_text_twice(documentation: list[Chunk]) -> None:
    assert {chunk.group for chunk in documentation} == {DOCUMENTATION}
    assert [c.title for c in documentation if any(part.startswith("_") for part in c.title.split("."))] == []
    texts = [chunk.content for chunk in documentation]
    assert len(set(texts)) == len(texts)
    assert all(re.fullmatch(r"https://[\w./-]+#[\w.]+", chunk.source) for chunk in documentation)


def test_reading_documentation_runs_nothing_of_a_framework() -> None:
    code = (
        "import sys; from janus_platform.services.vector_index.docs import documentation_chunks; "
        "documentation_chunks(); print(sorted({'httpx', 'openai', 'starlette.applications'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The book


def test_the_book_is_indexed_where_it_lies() -> None:
    chunks = book_chunks(REPOSITORY_URL)
    if not (REPOSITORY / "_toc.yml").is_file():
        pytest.skip("the platform is installed without its repository")
    assert {chunk.group for chunk in chunks} == {BOOK}
    pages = {chunk.source for chunk in chunks}
    assert f"{REPOSITORY_URL}/blob/main/notebooks/first_request.ipynb" in pages
    assert f"{REPOSITORY_URL}/blob/main/book/architecture.md" in pages


def test_a_page_becomes_its_prose_under_its_headings(tmp_path: Path) -> None:
    (tmp_path / "_toc.yml").touch()
    (tmp_path / "book").mkdir()
    page = (
        "# A page\n\nSee [this link](x.md), {term}`a.b` and **bold** words\n"
        "on one line. It takes {fact}`a.b` at most.\n\n"
        "```python\n# no heading\n```\n"
        "\n## Part `two`\n\nFirst line of the part, long enough to be a chunk of its own.\n"
    )
    (tmp_path / "book" / "page.md").write_text(page, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "broken.ipynb").write_text("{", encoding="utf-8")
    first, second = book_chunks("https://r.example", tmp_path)
    assert first.content == "See this link, a.b and bold words on one line."
    assert (first.title, first.heading, first.source) == ("A page", "", "https://r.example/blob/main/book/page.md")
    assert (second.heading, second.content[:10]) == ("Part `two`", "First line")


def test_each_entry_of_a_glossary_answers_what_its_term_means(tmp_path: Path) -> None:
    (tmp_path / "_toc.yml").touch()
    (tmp_path / "book").mkdir()
    hosts = "allow-list\n  The names of the hosts that a program\n  may reach.\n\n"
    entries = f"{hosts}nonce\n  A number that is used once and then never again.\n"
    page = f"# Glossary\n\n```{{glossary}}\n:sorted:\n\n{entries}```\n"
    (tmp_path / "book" / "glossary.md").write_text(page, encoding="utf-8")
    first, second = book_chunks("https://r.example", tmp_path)
    assert (first.heading, first.content) == (
        "What does allow-list mean?",
        "Allow-list: The names of the hosts that a program may reach.",
    )
    assert second.encoded_texts[0] == "What does nonce mean?"


def test_without_a_repository_there_is_no_book(tmp_path: Path) -> None:
    assert book_chunks(REPOSITORY_URL, tmp_path) == []


# Kept


def test_knowledge_is_kept_whole(tmp_path: Path) -> None:
    knowledge = Knowledge(KEY, FACTS)
    save(knowledge, tmp_path)
    assert load(tmp_path, KEY) == knowledge
    assert head(tmp_path, KEY) == {"chunks": 3, "groups": {CORPUS: 3, BOOK: 0, DOCUMENTATION: 0}}
    assert [path.name for path in tmp_path.iterdir()] == [f"knowledge-{KEY}.json"]


@pytest.mark.parametrize("content", [b"", b"{}", b"{}\n[1]\n", b"\xff\n[]\n", b'{}\n[["a"]]\n'])
def test_damaged_knowledge_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"knowledge-{KEY}.json").write_bytes(content)
    assert load(tmp_path, KEY) is None
    assert head(tmp_path, KEY) in ({}, json.loads("{}"))


def test_gathered_knowledge_has_the_key_that_is_looked_for() -> None:
    corpus = load_corpus()
    assert gather(corpus, REPOSITORY_URL).key == current_key(corpus, REPOSITORY_URL)
    assert current_key(corpus, "https://elsewhere.example") != current_key(corpus, REPOSITORY_URL) or not book_chunks(
        ""
    )


class Letters:
    """An encoder that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts, on_batch=None, *, threads=1):  # type: ignore[no-untyped-def]
        self.asked += texts
        made = np.random.default_rng([len(text) for text in texts]).normal(size=(len(texts), 384)).astype(np.float32)
        if on_batch:
            on_batch(len(texts))
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def test_a_rebuild_encodes_only_what_changed(tmp_path: Path) -> None:
    encoder, done = Letters(), []
    first = vectors_of(FACTS, encoder, tmp_path, lambda *now: done.append(now))
    assert (len(encoder.asked), done[0], done[-1]) == (3, (0, 3), (3, 3))
    encoder.asked.clear()
    more = (*FACTS, Chunk("New.", "https://new.example/", "", ""))
    second = vectors_of(more, encoder, tmp_path, lambda *_: None)
    assert encoder.asked == ["\nNew."]
    assert np.allclose(first.values, second.values[:3])


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not numpy", b"\x80\x04."])
def test_damaged_embeddings_are_made_anew(tmp_path: Path, content: bytes) -> None:
    embeddings_file(tmp_path).write_bytes(content)
    encoder = Letters()
    vectors_of(FACTS, encoder, tmp_path, lambda *_: None)
    assert len(encoder.asked) == 3


def test_vectors_are_unit_vectors_and_come_back_as_they_were(tmp_path: Path) -> None:
    made = vectors_of(FACTS, Letters(), tmp_path, lambda *_: None)
    save_vectors(made, tmp_path, KEY)
    kept = load_vectors(tmp_path, KEY, len(FACTS))
    assert kept is not None
    assert np.allclose(np.linalg.norm(kept.values, axis=1), 1, atol=1e-5)
    assert (kept.values == made.values).all() and (kept.owners == made.owners).all()
    assert load_vectors(tmp_path, KEY, 2) is None  # They would name a chunk that is not there.
    vectors_file(tmp_path, KEY).write_bytes(b"PK")
    assert load_vectors(tmp_path, KEY, len(FACTS)) is None


# Exact search


def test_a_chunk_is_as_near_as_its_nearest_vector() -> None:
    vectors = Vectors(np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32), np.array([0, 0, 1]))
    store = ExactStore(vectors, ["https://a.example/", "https://b.example/"])
    assert [(i, round(score, 4)) for i, score in store.nearest(np.array([0, 1], np.float32), 2)] == [(0, 1.0), (1, 0.8)]
    only_b = store.nearest(np.array([0, 1], np.float32), 2, lambda source: "b." in source)
    assert [i for i, _ in only_b] == [1]


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 10_000))
def test_exact_search_agrees_with_sorting_all(chunks: int, limit: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    owners = np.sort(np.concatenate([np.arange(chunks), rng.integers(0, chunks, 30)]))
    values = rng.normal(size=(len(owners), 8)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    found = ExactStore(Vectors(values, owners), [""] * chunks).nearest(values[0], limit)
    best = [max(float(v @ values[0]) for v, o in zip(values, owners, strict=True) if o == i) for i in range(chunks)]
    assert [score for _, score in found] == pytest.approx(sorted(best, reverse=True)[:limit], abs=1e-5)
    assert all(-1 <= score <= 1 for _, score in found)
    assert len({i for i, _ in found}) == len(found) == min(limit, chunks)
