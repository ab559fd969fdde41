"""`janus prepare`: what is fetched and built once, so that `janus up` is quick and works without a network."""

from __future__ import annotations

import time
from collections.abc import Callable

from janus_platform.corpus import load_corpus
from janus_platform.errors import PlatformError
from janus_platform.runtime import cache_folder
from janus_platform.services import code_sandbox, vector_index_prepare

Say = Callable[[str], None]
# Progress of a download comes a hundred times a second; a line a second is what a reader follows.
_SECONDS_BETWEEN_LINES = 1.0


def prepare_all(say: Say) -> vector_index_prepare.PrepareReport:
    """Get the embedding model, build the vector index and warm the sandbox's font cache; `say` gets progress lines.

    Without a network the vector index stays lexical, which is said and is no failure. Raises PlatformError when the
    home folder cannot be written.
    """
    try:
        say("Preparing the code sandbox …")
        code_sandbox.warm_up(cache_folder("sandbox"))
        say("Preparing the vector index …")
        report = vector_index_prepare.prepare(load_corpus(), _throttled(say))
    except OSError as error:
        message = f"Cannot prepare: {error}. Make the folder writable, or set JANUS_HOME to one that is."
        raise PlatformError(message) from error
    if report.notice:
        say(f"The vector index answers lexically: {report.notice}")
    else:
        say(f"The vector index is ready: {report.chunks} chunks, by meaning.")
    return report


def _throttled(say: Say) -> Callable[[str, int, int], None]:
    last = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done >= total or now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            say(f"  {what}: {100 * done // max(total, 1)} %")

    return progress
