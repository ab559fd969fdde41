"""Make the index in a process of its own: `python -m janus_platform.services.vector_index.build`.

`janus prepare` runs it on every core; a platform that finds no index runs it on one, at the lowest priority. It has a
process of its own because numpy's threads are set before it is loaded, and because it may be ended at any time: files
are placed whole, and what was encoded is kept. Several at once wait for each other and then find the work done.

It writes its progress to standard output, one JSON object a line.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.processes.child import Child
from janus_platform.services import ServiceError
from janus_platform.services.embedding.download import Progress
from janus_platform.services.embedding.encoder import Encoder, is_prepared
from janus_platform.services.vector_index.knowledge import (
    Knowledge,
    current_key,
    gather,
    kept_keys,
    knowledge_file,
    load,
    save,
)
from janus_platform.services.vector_index.vectors import load_vectors, save_vectors, vectors_file, vectors_of

READING, ENCODING, WAITING = "reading documentation", "encoding the knowledge base", "waiting for another build"
# One for each Python or checkout that the user runs platforms from.
KEPT_INDEXES = 4
_REPORT_SECONDS = 0.2


class BuildError(ServiceError):
    """The index could not be made; the message says why."""


async def build_at_once(folder: Path, progress: Progress) -> None:
    """Make the index in `folder`, in a child process on every core; `progress` is told how far it is.

    Raises BuildError. When this is cancelled, the child is ended.
    """
    await _build_in_child(folder, progress, "--threads", str(os.cpu_count() or 1))


async def build_in_background(folder: Path, progress: Progress) -> None:
    """As `build_at_once`, on one core, and that only when nobody else wants it."""
    await _build_in_child(folder, progress, "--threads", "1", "--background")


async def _build_in_child(folder: Path, progress: Progress, *options: str) -> None:
    argv = [sys.executable, "-m", __name__, "--folder", str(folder), *options]
    # Its own threads take a core each; those of numpy would only get in their way.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    child = await Child.start(argv, env=environment, stdout=subprocess.PIPE)
    error = "it ended before it was done"
    try:
        assert child.stdout is not None
        async for line in child.stdout:
            message = json.loads(line)
            error = message.get("error", error)
            if "step" in message:
                progress(message["step"], message["done"], message["total"])
        if await child.wait():
            raise BuildError(error)
    finally:
        if child.exit_code is None:
            child.kill()
            await child.wait()


def build(folder: Path, progress: Progress, *, threads: int) -> Knowledge:
    """Make what is missing of the index in `folder`: its knowledge, and with a prepared model its vectors.

    Raises OSError when the folder cannot be written, ModelDamagedError when the model is not what it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    corpus, repository = load_corpus(), load_contract().repository
    with _only_one(folder, progress):
        key = current_key(corpus, repository)
        knowledge = load(folder, key)
        if knowledge is None:
            progress(READING, 0, 1)
            knowledge = gather(corpus, repository)
            save(knowledge, folder)
            progress(READING, 1, 1)
        if is_prepared(folder) and load_vectors(folder, knowledge.key, len(knowledge.chunks)) is None:
            encoder = Encoder.load(folder)
            vectors = vectors_of(
                knowledge.chunks,
                encoder,
                folder,
                lambda done, total: progress(ENCODING, done, total),
                threads=threads,
            )
            save_vectors(vectors, folder, knowledge.key)
        _remove_old(folder, knowledge.key)
        return knowledge


@contextmanager
def _only_one(folder: Path, progress: Progress) -> Iterator[None]:
    with (folder / "build.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(WAITING, 0, 1)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_old(folder: Path, newest: str) -> None:
    kept = [newest, *(key for key in kept_keys(folder) if key != newest)]
    for key in kept[KEPT_INDEXES:]:
        knowledge_file(folder, key).unlink(missing_ok=True)
    keep = {vectors_file(folder, key).name for key in kept[:KEPT_INDEXES]}
    for path in folder.glob("vectors-*"):
        if path.name not in keep:
            path.unlink(missing_ok=True)


class _Lines:
    """Progress as JSON lines, a few a second; the first and the last of a step always."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done in (0, total) or now >= self._next:
            self._next = now + _REPORT_SECONDS
            _say({"step": step, "done": done, "total": total})


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def main() -> None:
    """Build, and say how it goes; the exit code is 1 when it fails."""
    parser = argparse.ArgumentParser(prog="vector_index_build")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--background", action="store_true")
    arguments = parser.parse_args()
    if arguments.background:
        os.nice(19)
    try:
        build(arguments.folder, _Lines(), threads=arguments.threads)
    except BrokenPipeError:
        os._exit(1)  # Nobody waits for this any more; there is no pipe left to flush into either.
    except Exception as error:
        logging.exception("the vector index could not be made")
        _say({"error": f"{type(error).__name__}: {error}"})
        sys.exit(1)


if __name__ == "__main__":
    main()
