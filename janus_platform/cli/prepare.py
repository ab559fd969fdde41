"""`janus prepare`: what is fetched and built once, so that `janus up` is quick and works without a network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from janus_platform.cli.doctor import missing_options
from janus_platform.corpus import load_corpus
from janus_platform.errors import PlatformError
from janus_platform.runtime.state import cache_folder
from janus_platform.services.code_sandbox import app as code_sandbox
from janus_platform.services.embedding.download import Progress
from janus_platform.services.vector_index import prepare as vector_index_prepare
from janus_platform.services.vector_index.build import BuildError

Say = Callable[[str], None]
# Progress of a download comes a hundred times a second; a log keeps a line for every tenth of the way.
_PERCENT_BETWEEN_LINES = 10


def prepare_all(say: Say) -> vector_index_prepare.PrepareReport:
    """Get the embedding model, build the vector index and prepare the code sandbox; `say` gets progress lines.

    On a terminal, a bar shows how far it is. What is optional is no failure: without a network the vector index stays
    lexical, without Go the sandbox runs the other languages. The last lines say so, each with its remedy. Raises
    PlatformError when the home folder cannot be written, or the index cannot be made.
    """
    try:
        say("Preparing the code sandbox …")
        notes = code_sandbox.warm_up(cache_folder("sandbox"))
        say("Preparing the vector index …")
        with _progress(say) as progress:
            report = vector_index_prepare.prepare(load_corpus(), progress)
    except OSError as error:
        message = f"Cannot prepare: {error}. Make the folder writable, or set JANUS_HOME to one that is."
        raise PlatformError(message) from error
    except BuildError as error:
        raise PlatformError(f"The vector index could not be made: {error}. Run `janus prepare` again.") from error
    if report.notice:
        say(f"The vector index answers lexically: {report.notice}")
    else:
        say(f"The vector index is ready: {report.chunks} chunks, by meaning.")
    for note in notes:
        say(note)
    if missing := missing_options():
        say("Everything that is needed is ready. Optional, and not here:")
        for finding in missing:
            say(f"  · {finding.subject}: {finding.found}. {finding.remedy}")
    else:
        say("Everything is ready.")
    return report


@contextmanager
def _progress(say: Say) -> Iterator[Progress]:
    """A bar on a terminal, lines elsewhere: a log keeps every step, and no control characters."""
    if not sys.stderr.isatty():
        yield _throttled(say)
        return
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with rich.progress.Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=max(total, 1))

        yield progress


def _throttled(say: Say) -> Progress:
    last_percent: dict[str, int] = {}

    def progress(what: str, done: int, total: int) -> None:
        percent = 100 * done // total if total > 0 else 100
        last = last_percent.get(what, -_PERCENT_BETWEEN_LINES)
        if percent - last >= _PERCENT_BETWEEN_LINES or (percent >= 100 > last):
            last_percent[what] = percent
            say(f"  {what}: {percent} %")

    return progress
