"""How well and how fast the vector index answers, and how long it takes to make.

Everything is measured over the whole index, in a folder of its own, with the model that `janus prepare` left. BM25 over
the same chunks stands beside. `--runs` is the number of timed queries in tens.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# As in the platform's process. Before numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import psutil

from janus_platform.corpus import load_corpus
from janus_platform.services.embedding.download import TOKENIZER
from janus_platform.services.embedding.encoder import MANIFEST_FILE, QUANTISED_FILE, Encoder, is_prepared
from janus_platform.services.vector_index.app import VectorIndex
from janus_platform.services.vector_index.build import build_at_once
from janus_platform.services.vector_index.knowledge import kept_keys, load
from janus_platform.services.vector_index.prepare import model_folder
from janus_platform.services.vector_index.quality import DEPTH, Paraphrase, halves, paraphrases, quality, words_ranking
from tests.benchmarks.figures import Figure, figure, show

TOGETHER = 8


def making(folder: Path) -> Iterator[Figure]:
    """The first build on every core, the same after nothing changed, and after a tenth of the texts did."""
    import numpy as np

    def build() -> float:
        started = time.perf_counter()
        asyncio.run(_build(folder))
        return time.perf_counter() - started

    yield figure("making the index, nothing kept", [build()], "s", 90)
    _forget(folder)
    yield figure("making it again, every text as it was", [build()], "s", 3)
    (kept,) = folder.glob("embeddings-*")
    rows = np.load(kept)
    np.save(kept, rows[: len(rows) * 9 // 10])
    _forget(folder)
    yield figure("making it again, a tenth of the texts changed", [build()], "s")


def _forget(folder: Path) -> None:
    """Remove the indexes, and leave the embeddings."""
    for pattern in ("knowledge-*", "vectors-*"):
        for path in folder.glob(pattern):
            path.unlink()


async def _build(folder: Path) -> None:
    await build_at_once(folder, lambda *_: None)


def timings(index: VectorIndex, tens: int) -> Iterator[Figure]:
    """A query in the service's process: one after the other, and several at once."""
    queries = [paraphrase.query for paraphrase in paraphrases()]

    async def one_by_one() -> list[float]:
        await index.warm()
        taken = []
        for i in range(tens * 10):
            started = time.perf_counter()
            await index.query(queries[i % len(queries)], 5)
            taken.append((time.perf_counter() - started) * 1000)
        return taken

    async def caller(number: int) -> list[float]:
        taken = []
        for i in range(tens * 2):
            started = time.perf_counter()
            await index.query(queries[(number * 7 + i) % len(queries)], 5)
            taken.append((time.perf_counter() - started) * 1000)
        return taken

    async def at_once() -> list[float]:
        await index.warm()
        return [ms for taken in await asyncio.gather(*(caller(n) for n in range(TOGETHER))) for ms in taken]

    yield figure("query, one caller, p50", asyncio.run(one_by_one()), "ms", 30)
    yield figure(f"query, {TOGETHER} callers at once, p50", asyncio.run(at_once()), "ms", 30)


def found(index: VectorIndex, folder: Path) -> Iterator[Figure]:
    """hit@1, hit@5 and MRR, and the same for BM25 over the same chunks, on what the order was not chosen on."""
    chosen_on, held_out = halves(paraphrases())
    knowledge = load(folder, kept_keys(folder)[0])
    assert knowledge is not None
    by_words = words_ranking(knowledge.chunks)
    sets = {"held out": held_out, "unseen": paraphrases("unseen"), "the order was chosen on": chosen_on}
    for name, asked in sets.items():
        vector = quality(asyncio.run(_ranks(index, asked)))
        bm25 = quality([one.rank_in(by_words(one.query)) for one in asked])
        of = f"{len(asked)} {name}"
        aim = 0.65 if name == "held out" else None
        yield figure(f"hit@1, vector index, {of}", [vector.hit_at_1], "", aim, at_least=True)
        yield figure(f"hit@5, vector index, {of}", [vector.hit_at_5], "", aim and 0.85, at_least=True)
        yield figure(f"MRR, vector index, {of}", [vector.mrr], "")
        yield figure(f"hit@1, BM25, {of}", [bm25.hit_at_1], "")
        yield figure(f"hit@5, BM25, {of}", [bm25.hit_at_5], "")


async def _ranks(index: VectorIndex, asked: Sequence[Paraphrase]) -> list[int | None]:
    """The place of each one's first answer."""
    answers = [await index.query(one.query, DEPTH) for one in asked]
    found = [[chunk["source"] for chunk in answer["chunks"]] for answer in answers]
    return [one.rank_in(sources) for one, sources in zip(asked, found, strict=True)]


def agreement(folder: Path) -> Figure:
    """The least cosine between vectors of the int8 weights and of the original float32 ones."""
    import json

    import numpy as np

    path = Path(__file__).parents[1] / "services" / "minilm_reference.json"
    items = json.loads(path.read_text(encoding="utf-8"))["items"]
    made = Encoder.load(folder).encode([item["text"] for item in items])
    cosines = (made * np.array([item["vector"] for item in items], np.float32)).sum(axis=1)
    return figure("int8 against float32 weights, least cosine", [float(cosines.min())], "", 0.99, at_least=True)


def figures(folder: Path, tens: int) -> Iterator[Figure]:
    """Every figure, each as soon as it is measured."""
    yield from making(folder)
    corpus = load_corpus()
    before = psutil.Process().memory_info().rss
    index = VectorIndex.of(corpus, folder)
    yield from timings(index, tens)
    yield figure("memory of model and index", [(psutil.Process().memory_info().rss - before) / 1e6], "MB")
    yield figure("chunks", [float(index.health()["chunks"])], "", 3_000, at_least=True)
    yield from found(index, folder)
    yield agreement(folder)


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/vector_index.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8, help="timed queries, in tens")
    arguments = parser.parse_args()
    source = model_folder()
    if not is_prepared(source):
        parser.exit(1, "The embedding model is not set up. Run `janus prepare` once, with a network.\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in (QUANTISED_FILE, MANIFEST_FILE, TOKENIZER.name):
            shutil.copy(source / name, folder)
        show("vector_index", figures(Path(folder), arguments.runs))


if __name__ == "__main__":
    main()
