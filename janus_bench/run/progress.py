"""Show how far a run is: a bar with the time left on a terminal, a line at each quarter elsewhere. Always on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Progress = Callable[[int, int, int], None]


@contextlib.contextmanager
def show_progress(wanted: bool | Progress) -> Iterator[Progress]:
    """Yield a function to be called with (done, planned, failed); one that is given is handed back."""
    if not isinstance(wanted, bool):
        yield wanted
    elif not wanted:
        yield lambda done, planned, failed: None
    elif sys.stderr.isatty():
        with _bar() as progress:
            yield progress
    else:
        yield _lines()


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # drawing takes milliseconds of the process that keeps the time: twice a second is enough
    with RichProgress(*columns, console=Console(stderr=True), refresh_per_second=2) as bar:
        task = bar.add_task("warming up", total=None)

        def progress(done: int, planned: int, failed: int) -> None:
            label = "asking" + (f", {failed} failed" if failed else "")
            bar.update(task, completed=done, total=planned, description=label)

        yield progress


def _lines() -> Progress:
    last_quarter = 0

    def progress(done: int, planned: int, failed: int) -> None:
        nonlocal last_quarter
        quarter = 4 * done // planned if planned else 4
        if quarter > last_quarter:
            last_quarter = quarter
            print(f"janus-bench: {done} of {planned} asked" + (f", {failed} failed" if failed else ""), file=sys.stderr)

    return progress
