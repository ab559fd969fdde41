"""`janus exercise`: write exercises of your own, and examine them as the book's are examined."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from janus_platform.cli.output import say

FOLDER = Path("my-exercises")
VARIABLE = "JANUS_EXERCISES"
exercise = typer.Typer(no_args_is_help=True, help="Write exercises of your own and check them.")

Folder = Annotated[Path, typer.Option(envvar=VARIABLE, help="The folder of your exercises.")]


@exercise.command()
def new(
    name: Annotated[str, typer.Argument(help="page.exercise, such as sums.double.")], folder: Folder = FOLDER
) -> None:
    """Create an exercise: a small but complete one for you to change."""
    from janus_book.authoring import AuthoringError, new

    try:
        path = new(name, folder)
    except AuthoringError as error:
        say(f"janus: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Wrote {path}. Change it, then: janus exercise check {name}")
    if VARIABLE not in os.environ:
        typer.echo(f"With {VARIABLE}={folder.resolve()}, `janus progress` and `janus learn` list it after the book's.")


@exercise.command()
def check(
    name: Annotated[str | None, typer.Argument(help="One exercise; if left out, all in the folder.")] = None,
    folder: Folder = FOLDER,
) -> None:
    """Check exercises: the stub must get a hint, the solution pass, and each mistake get the words listed with it."""
    from janus_book.authoring import faults
    from janus_book.catalogue import load, names
    from janus_book.exercise import BookError

    wanted = [name] if name else names(folder)
    if not wanted:
        say(f"janus: {folder} holds no exercises. Create one: janus exercise new page.exercise", err=True)
        raise typer.Exit(1)
    bad = 0
    for one in wanted:
        try:
            found = faults(load(one, folder))
        except BookError as error:
            found = [str(error)]
        except Exception as error:  # The file's own code: its check may raise anything while it is made.
            found = [f"its own code raised {type(error).__name__}: {error}"]
        bad += bool(found)
        typer.echo(f"{one}: {'good' if not found else ''}".rstrip())
        for fault in found:
            typer.echo(f"  {fault}")
    raise typer.Exit(1 if bad else 0)
