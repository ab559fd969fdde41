"""Everything the vector index answers from: the corpus, this book, the documentation of installed packages.

Reading all of it takes some seconds, so it is done once and kept. `current_key` says in some 50 ms which kept index is
the one that would be made now: it changes with every text, with the version of every package that is read, and with
the code that cuts.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from janus_platform.corpus import Corpus
from janus_platform.services.embedding.encoder import write_whole
from janus_platform.services.vector_index import book as vector_index_book
from janus_platform.services.vector_index import chunks as vector_index_chunks
from janus_platform.services.vector_index import docs as vector_index_docs
from janus_platform.services.vector_index import pages as vector_index_pages
from janus_platform.services.vector_index import vectors as vector_index_vectors
from janus_platform.services.vector_index.book import book_chunks
from janus_platform.services.vector_index.chunks import BOOK, CORPUS, DOCUMENTATION, Chunk, chunks_of, key_of
from janus_platform.services.vector_index.docs import FRAMEWORKS, documentation_chunks

_CODE = (
    vector_index_book,
    vector_index_chunks,
    vector_index_docs,
    vector_index_pages,
    vector_index_vectors,
)
NO_BOOK = "This book's pages are not indexed: the platform is installed without its repository."


@dataclass(frozen=True)
class Knowledge:
    """The chunks, and the key of what they were made from."""

    key: str
    chunks: tuple[Chunk, ...]

    @cached_property
    def groups(self) -> dict[str, int]:
        """How many chunks each group has."""
        counted = Counter(chunk.group for chunk in self.chunks)
        return {group: counted[group] for group in (CORPUS, BOOK, DOCUMENTATION)}


def gather(corpus: Corpus, repository: str) -> Knowledge:
    """Read everything; book pages get sources below the address `repository`. Takes seconds."""
    chunks = (*chunks_of(corpus), *book_chunks(repository), *documentation_chunks())
    return Knowledge(current_key(corpus, repository), chunks)


def current_key(corpus: Corpus, repository: str) -> str:
    """The key that `gather` would give its result now."""
    digest = hashlib.sha256(key_of(chunks_of(corpus)).encode())
    digest.update(key_of(book_chunks(repository)).encode())
    digest.update(repr((sys.version_info[:3], [_version(f.name) for f in FRAMEWORKS])).encode())
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:24]


def save(knowledge: Knowledge, folder: Path) -> None:
    """Keep it in `folder`; whoever reads meanwhile sees the old file or the new one, whole."""
    path = knowledge_file(folder, knowledge.key)
    head = {"chunks": len(knowledge.chunks), "groups": knowledge.groups}
    rows = [astuple(chunk) for chunk in knowledge.chunks]
    write_whole(path, f"{json.dumps(head)}\n{json.dumps(rows, ensure_ascii=False)}\n".encode())


def load(folder: Path, key: str) -> Knowledge | None:
    """The kept knowledge with that key; None when there is none or its file is damaged."""
    try:
        _, rows = knowledge_file(folder, key).read_text(encoding="utf-8").splitlines()
        chunks = tuple(Chunk(*row) for row in json.loads(rows))
    except (OSError, ValueError, TypeError):
        return None
    return Knowledge(key, chunks)


def head(folder: Path, key: str) -> Mapping[str, Any]:
    """How many `chunks` are kept under that key, and how many in each of the `groups`, without reading them."""
    try:
        with knowledge_file(folder, key).open("rb") as file:
            return dict(json.loads(file.readline()))
    except (OSError, ValueError, TypeError):
        return {}


def kept_keys(folder: Path) -> list[str]:
    """The keys of all kept knowledge, newest first."""
    dated_keys = []
    for path in folder.glob(knowledge_file(folder, "*").name):
        try:
            dated_keys.append((path.stat().st_mtime_ns, path.stem.removeprefix("knowledge-")))
        except FileNotFoundError:
            continue
    return [key for _, key in sorted(dated_keys, reverse=True)]


def knowledge_file(folder: Path, key: str) -> Path:
    """Where the knowledge of that key is kept."""
    return folder / f"knowledge-{key}.json"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
