"""`janus new`, `submit`, `implementations`, `logs`, `remove`: implementations from their begin to their end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from janus_platform.cli.log_tail import LogTail, follow
from janus_platform.cli.output import AsJson, clean, say
from janus_platform.client import running
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError, RequestRefusedError
from janus_platform.runtime.state import runtime

_RULES = load_contract().submission
_STYLES = {"passed": "green", "failed": "bold red", "not checked": "yellow", "not given": "yellow"}


def new(
    folder: Annotated[Path, typer.Argument(help="Where to put it; existing files are not changed.")],
    name: Annotated[str | None, typer.Option(help="Its name, if different from the folder's.")] = None,
    language: Annotated[str, typer.Option("--from", help="Its language: `python`, `node` or `go`.")] = "python",
) -> None:
    """Start a new implementation: a working server, licence and README; for Python, a Dockerfile and lock file too."""
    from janus_platform.cli import scaffold

    for written in scaffold.new(folder, name, language):
        say(str(folder / written))
    say(f"Next: write {folder / scaffold.NEXT[language]}, then `janus submit {folder} --name NAME`.")


def submit(
    path: Annotated[
        Path | None, typer.Argument(help="The implementation's folder; its entry point is main.py.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Instead of a folder: the address of a running one, on localhost or by https on the internet."
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="The name to deploy it under: lower-case letters, digits and hyphens.")
    ] = "",
    hotkey: Annotated[str | None, typer.Option(help="The miner's hotkey (SS58, starts with 5).")] = None,
    source: Annotated[str | None, typer.Option(help="The https address of its public source code.")] = None,
    license: Annotated[str | None, typer.Option(help="Its OSI-approved licence, as an SPDX id such as MIT.")] = None,
    description: Annotated[
        str | None,
        typer.Option(
            help=f"What it does and how, in {_RULES.description_least} to {_RULES.description_most} characters."
        ),
    ] = None,
    changelog: Annotated[str | None, typer.Option(help="What is new since the last submission.")] = None,
    contact: Annotated[str | None, typer.Option(help="How to reach you.")] = None,
    instances: Annotated[int, typer.Option(help="The number of nodes that run it, behind the load balancer.")] = 1,
    entry: Annotated[str, typer.Option(help="The Python file to run, unless janus.toml says otherwise.")] = "main.py",
    as_json: AsJson = False,
) -> None:
    """Test an implementation against the contract's rules and deploy it; exit code 1 if a check fails.

    Packages in its requirements.txt that the platform lacks are installed for it alone. To run a program that is not
    Python, add a janus.toml with `[run] command = ["node", "main.js"]`.

    Fields that you leave out of the form are shown as "not given". Here that is fine; in the competition it is not.
    """
    if (path is None) == (url is None):
        raise typer.BadParameter("give either a folder, or --url of one that runs already")
    if not name:
        raise typer.BadParameter("--name is missing; give one such as --name my-researcher")
    form = {"hotkey": hotkey, "source": source, "license": license, "description": description}
    form |= {"changelog": changelog, "contact": contact}
    source_or_url = {"url": url} if path is None else {"path": str(_folder(path)), "entry": entry}
    given = {field: text for field, text in form.items() if text is not None}
    try:
        result = running().submit(
            progress=lambda line: say(line, err=True), name=name, instances=instances, **source_or_url, **given
        )
    except RequestRefusedError as error:
        if as_json:
            typer.echo(json.dumps({"name": name, "deployed": False, "reason": str(error), "checks": error.checks}))
            raise typer.Exit(1) from None
        show_checks(error.checks)
        raise
    if as_json:
        typer.echo(json.dumps({**result, "deployed": True}))
        return
    show_checks(result["checks"])
    say(f"{name} is deployed. Ask for it with model={name!r}.")
    if missing := [check["check"] for check in result["checks"] if _is_left_out(check)]:
        say(f"Not given, and asked for by the competition: {', '.join(missing)}.")
    if url is not None:
        say(f"It runs outside the node: `janus env --caller {name}` prints the variables that lead it to the services.")


def _folder(path: Path) -> Path:
    """The folder's full path. Raises PlatformError, with the way on, when there is none."""
    folder = path.expanduser().resolve()
    if not folder.exists():
        raise PlatformError(f"There is no folder {path}. `janus new {path}` begins one that runs.")
    if not folder.is_dir():
        raise PlatformError(f"{path} is a file. Give the folder that it is in, and the file as --entry {path.name}.")
    return folder


def _is_left_out(check: Mapping[str, str]) -> bool:
    return check["result"] == "not given" and "the competition asks" in check["detail"]


def show_checks(checks: Iterable[Mapping[str, str]]) -> None:
    """Print the checklist as a table."""
    if rows := [(check["result"], check["check"], check["detail"]) for check in checks]:
        _print_table(("result", "check", "detail"), rows)


def implementations(as_json: AsJson = False) -> None:
    """List the implementations that the gateway can route to."""
    listing = running().get("/implementations")
    if as_json:
        typer.echo(json.dumps(listing))
        return
    columns = ("name", "state", "isolation", "nodes", "miner", "licence", "from")
    _print_table(columns, [_row(one) for one in listing["implementations"]])


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """On a terminal, columns that fit it; in a file or pipe, each row in one line."""
    lines = [columns, *rows]
    if not sys.stdout.isatty():
        widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
        for line in lines:
            say("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(clean(cell), _STYLES.get(cell, ""), overflow="fold") for cell in row))
    Console().print(table)


def _row(one: Mapping[str, Any]) -> list[str]:
    hotkey = str(one.get("hotkey") or "not given")
    origin = "comes with the platform" if one.get("bundled") else one.get("url") or one.get("path") or ""
    return [
        str(one.get("name", "")),
        str(one.get("state", "")),
        str(one.get("isolation", "")),
        str(one.get("instances", 1)),
        "" if one.get("bundled") else f"{hotkey[:6]}…{hotkey[-4:]}" if len(hotkey) > 12 else hotkey,
        "" if one.get("bundled") else str(one.get("license") or "not given"),
        str(origin),
    ]


def logs(
    name: Annotated[str | None, typer.Argument(help="An implementation; if left out, the platform's own log.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="The number of lines.")] = 50,
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new lines until Ctrl-C or until the platform stops.")
    ] = False,
) -> None:
    """Print the latest log lines, including those of the previous log file. Keys are never logged."""
    files = runtime()
    path = files.log_file if name is None else Path(running().get("/implementations", name, "log")["path"])
    tail = LogTail(path)
    if following:
        typer.echo(f"Following {clean(str(path))}; Ctrl-C ends it.", err=True)
        try:
            follow(tail, lines, say, ended=lambda: files.state() is None, wait=time.sleep)
        except KeyboardInterrupt:
            tail.close()
        return
    for line in [*tail.last(lines), *tail.unfinished][-lines:] or ["(no log yet)"]:
        say(line)


def remove(name: str) -> None:
    """Stop and remove an implementation; one that runs elsewhere is removed but keeps running."""
    running().delete("/implementations", name)
    typer.echo(f"{name} is removed.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (new, submit, implementations, logs, remove):
        app.command()(command)
