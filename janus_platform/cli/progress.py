"""How far a download is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from janus_platform.services.downloads.copying import Progress

Say = Callable[[str], None]
# Progress of a download comes a hundred times a second; a log keeps a line for every tenth of the way.
_PERCENT_BETWEEN_LINES = 10


@contextmanager
def shown(say: Say) -> Iterator[Progress]:
    """A bar on a terminal, lines elsewhere: a log keeps every step, and no control characters."""
    if not sys.stderr.isatty():
        yield _throttled(say)
        return
    # Every command would otherwise load it, a tenth of its start.
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
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
