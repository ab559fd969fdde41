"""`janus learn`: the book's exercises in an editor and a terminal, one after the other, checked at every save."""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from janus_platform.cli.output import say
from janus_platform.client import up

if TYPE_CHECKING:
    from janus_book.workshop import Workshop

FOLDER = Path("janus-exercises")
POLL_SECONDS = 0.2
_NEEDS_A_PLATFORM = re.compile(r"\bjanus_platform\b|\bfresh_minute\b")
KEYS = "n next · p previous · s solution · e editor · q quit"
# Editors with a window of their own: started beside this program. Others would want the terminal.
WINDOWED = ("code", "codium", "cursor", "subl", "zed", "gedit", "kate", "pycharm", "charm", "idea", "mate", "bbedit")


def learn(
    name: Annotated[
        str | None, typer.Argument(help="Start with this exercise; if left out, with the first unsolved one.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="The folder for your files.")] = FOLDER,
    editor: Annotated[
        str | None,
        typer.Option(envvar=["JANUS_EDITOR", "VISUAL", "EDITOR"], help="The editor that opens each exercise."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Check the file for NAME once; exit code 0 if it is right.")
    ] = False,
) -> None:
    """Work through the exercises in files of your own: each save is checked, and a right answer opens the next one.

    The exercises, checks and progress are the same as in the notebooks.
    """
    from janus_book.catalogue import UnknownExerciseError, load
    from janus_book.progress import report
    from janus_book.workshop import Workshop, WorkshopError

    try:
        if name is not None:
            load(name)
        if once and name is None:
            raise WorkshopError("--once checks one exercise: name it. `janus progress` lists them.")
        rows = report().rows
        first = name or next((row.name for row in rows if row.solved is None), rows[0].name)
        session = _Session(Workshop(folder), [row.name for row in rows], first, editor)
        session.check_once() if once else session.run()
    except (UnknownExerciseError, WorkshopError) as error:
        say(f"janus: {error}", err=True)
        raise typer.Exit(1) from None


class _Session:
    """One learner in front of a terminal, at one exercise at a time."""

    def __init__(self, workshop: Workshop, names: list[str], first: str, editor: str | None) -> None:
        self._workshop, self._names, self._at, self._editor = workshop, names, names.index(first), editor
        self._read_key = _no_key
        self._platform: object = None

    @property
    def _name(self) -> str:
        return self._names[self._at]

    def check_once(self) -> None:
        """Check the file as it is, and exit with what came out."""
        from janus_book.catalogue import load

        self._workshop.prepare(load(self._name))
        outcome = self._workshop.check(self._name)
        typer.echo(outcome.says)
        raise typer.Exit(0 if outcome.right else 1)

    def run(self) -> None:
        """Show exercise after exercise until all are solved, or until the learner leaves."""
        with _keys() as self._read_key:
            while self._one():
                pass

    def _one(self) -> bool:
        """One exercise until it is solved or left; whether another one follows."""
        from janus_book.catalogue import load

        exercise = load(self._name)
        path = self._workshop.prepare(exercise)
        saved = _saved(path)  # before anything is shown: who is quick saves while it is
        if self._platform is None and _NEEDS_A_PLATFORM.search(exercise.given + exercise.check):
            # Held until the end: a check that starts one of its own takes seconds longer.
            self._platform = up()
        self._show(exercise.markdown, path)
        self._open(path)
        while True:
            key = self._read_key()
            if key == "q":
                typer.echo(f"\nGo on with `janus learn`. Your files are in {self._workshop.folder}.")
                return False
            if key in ("n", "p"):
                return self._move(1 if key == "n" else -1)
            if key == "s":
                typer.echo(f"\nA solution:\n\n{exercise.solution}")
            if key == "e":
                self._open(path)
            if (now := _saved(path)) is not None and now != saved:
                saved = now
                outcome = self._workshop.check(exercise.name)
                typer.echo(f"\n{outcome.says}")
                if outcome.right:
                    return self._move(1)

    def _move(self, by: int) -> bool:
        from janus_book.progress import report

        rows = report().rows
        if by > 0 and all(row.solved for row in rows):
            typer.echo(f"\nAll {len(rows)} exercises are solved.")
            return False
        unsolved = [n for n, row in enumerate(rows) if row.solved is None and n > self._at]
        self._at = unsolved[0] if by > 0 and unsolved else (self._at + by) % len(rows)
        return True

    def _show(self, task: str, path: Path) -> None:
        from rich.console import Console
        from rich.markdown import Markdown

        from janus_book.progress import report

        done = report()
        console = Console()
        console.rule(f"{self._name} · {done.solved} of {len(done.rows)} solved")
        console.print(Markdown(task.removeprefix("### Exercise: ")))
        console.print(f"\nEdit and save [bold]{path}[/]: each save is checked.", highlight=False)
        if self._read_key is not _no_key:
            console.print(KEYS, style="dim")

    def _open(self, path: Path) -> None:
        command = shlex.split(self._editor or "")
        if not command or shutil.which(command[0]) is None:
            return
        if Path(command[0]).stem in WINDOWED:
            subprocess.Popen([*command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif self._read_key is not _no_key:
            subprocess.run([*command, str(path)], check=False)


def _saved(path: Path) -> tuple[int, int, int] | None:
    """What changes with each save: time, size, and the file itself; None while an editor has moved it away."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _no_key() -> str:
    """Without a terminal there are no keys: wait a little."""
    time.sleep(POLL_SECONDS)
    return ""


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """A function that waits a little for a key and returns it, or an empty text; keys count without Enter."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield _no_key
        return
    if not sys.stdin.isatty():
        yield _no_key
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def read() -> str:
        ready, _, _ = select.select([descriptor], [], [], POLL_SECONDS)
        return os.read(descriptor, 1).decode("ascii", "ignore").lower() if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield read
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
