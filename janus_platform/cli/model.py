"""`janus model list | pull | remove`: the files of small language models on this machine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from janus_platform.cli.output import AsJson, say
from janus_platform.cli.progress import shown
from janus_platform.services.inference.models import files
from janus_platform.services.inference.models.errors import PullError
from janus_platform.services.inference.models.files import megabytes
from janus_platform.services.inference.models.table import Entry, find, table

INTERRUPTED = 130

models = typer.Typer(help="List, fetch and remove small language models.", no_args_is_help=True)


@models.command("list")
def list_models(
    sources: Annotated[
        bool, typer.Option("--sources", help="Also show addresses, SHA-256 sums, and the source of every figure.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the models you can fetch by name: size, licence, how each is verified, and which are already here."""
    pins = files.pins()
    if as_json:
        typer.echo(json.dumps([_plain(entry, pins) for entry in table()]))
        return
    from rich.console import Console
    from rich.table import Table

    shown_table = Table("name", "model", "size", "licence", "checked by", "here")
    for entry in table():
        here = "yes" if files.is_here(entry) else ""
        shown_table.add_row(entry.name, entry.title, megabytes(entry.size), entry.licence, _check(entry, pins), here)
    console = Console()
    console.print(shown_table)
    for entry in table() if sources else ():
        say(f"{entry.name}: {entry.origin}\n  SHA-256 {_plain(entry, pins)['sha256'] or 'not known yet'}")
        for figure, read in entry.source.items():
            say(f"  {figure}: {read}")
    console.print(f"They are kept in {files.models_folder()}. Fetch one: janus model pull {table()[0].name}")


@models.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name from `janus model list`.")],
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Accept the terms of a model that has its own; read them first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a model and verify it. If the download is interrupted, run the same command again to continue."""
    from janus_platform.services.inference.models.pull import pull as fetch  # which no other command waits for

    entry = find(name)
    if entry.terms and not accept_terms and not files.is_here(entry):
        _ask_for_terms(entry)
    try:
        with shown(lambda line: say(line, err=True)) as progress:
            model = fetch(entry, progress)
    except KeyboardInterrupt:
        say(f"Stopped. What was downloaded is kept: `janus model pull {entry.name}` goes on from there.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps({**asdict(model), "path": str(model.path)}))
    else:
        say(f"{entry.name} is here: {model.path} ({megabytes(entry.size)}, {entry.licence}).")
        say(f"Let it answer: janus up --model {entry.name}")


@models.command()
def remove(
    name: Annotated[str, typer.Argument(help="A name from `janus model list`.")], as_json: AsJson = False
) -> None:
    """Delete a model's file and any interrupted download; refused while a platform uses it."""
    entry = find(name)
    freed = files.remove(entry)
    if as_json:
        typer.echo(json.dumps({"name": entry.name, "freed_bytes": freed}))
    else:
        say(f"{entry.name} is removed: {megabytes(freed)} are free again.")


def _ask_for_terms(entry: Entry) -> None:
    """Have the user accept a model's own terms knowingly. Raises PullError."""
    say(f"{entry.title} has terms of its own, {entry.licence}: {entry.terms}", err=True)
    say("They say what it may be used for and what you owe when you pass it on. Read them first.", err=True)
    if not (sys.stdin.isatty() and typer.confirm("Do you accept them?", err=True)):
        raise PullError(
            f"{entry.name} is not fetched: its terms are not accepted. With `janus model pull {entry.name} "
            "--accept-terms` you accept them."
        )


def _check(entry: Entry, pins: dict[str, files.Pinned]) -> str:
    if entry.sha256:
        return "SHA-256 in the table"
    return "SHA-256 of its first pull" if entry.name in pins else "nothing yet: pinned at its first pull"


def _plain(entry: Entry, pins: dict[str, files.Pinned]) -> dict[str, Any]:
    pin, here = pins.get(entry.name), files.is_here(entry)
    return {
        **asdict(entry),
        "sha256": entry.sha256 or (pin.sha256 if pin else ""),
        "checked": "table" if entry.sha256 else "first pull" if pin else "not yet",
        "here": here,
        "path": str(files.path_of(entry)) if here else None,
    }
