"""`janus trace`: one request's way through the platform, as a waterfall, as SVG or as JSON; or a list of the latest."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from janus_platform.cli.output import AsJson, say
from janus_platform.client import running
from janus_platform.errors import PlatformError

_LISTED = "20"


def trace(
    name: Annotated[str, typer.Argument(metavar="ID", help="Request id, trace id, completion id, or `latest`.")] = (
        "latest"
    ),
    svg: Annotated[Path | None, typer.Option(help="Write the waterfall to this file; `-` is stdout.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the latest traces, newest first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a request's path through the platform: which service was called when, and where the time went.

    A call without a traceparent is shown as "inferred" if its place is certain, otherwise as "unattributed".
    """
    if listed:
        _list(running().get("/traces", count=_LISTED)["traces"], as_json=as_json)
        return
    content = running().get("/traces", name)
    if svg is not None:
        _write(content, svg)
    if as_json:
        typer.echo(json.dumps(content))
    elif svg is None:
        from janus_platform.traces.view import Trace

        say(str(Trace(content)))


def _list(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"traces": rows}))
        return
    if not rows:
        typer.echo("No trace yet. Send a request first.")
    for row in rows:
        began = datetime.fromtimestamp(row["start_ns"] / 1e9).strftime("%H:%M:%S")
        placed = f" ({row['attached']})" if row["attached"] else ""
        say(f"{row['trace_id']}  {began}  {row['duration_ms']:9.1f} ms  {' '.join(row['names'])}{placed}")


def _write(content: dict[str, Any], file: Path) -> None:
    from janus_platform.traces.view import Trace

    drawn = Trace(content)
    if str(file) == "-":
        typer.echo(drawn.document(), nl=False)
        return
    try:
        drawn.save_svg(file)
    except OSError as error:
        raise PlatformError(f"The waterfall cannot be written: {error}. Name a file in a folder that exists.") from None
    say(f"The waterfall is in {file}.", err=True)
