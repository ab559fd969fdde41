"""`janus verify`, `janus rotate-keys`, `janus top`: the commands about trust, secrets and what goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from janus_platform.cli.output import AsJson
from janus_platform.client import running


def verify(
    name: Annotated[str, typer.Argument(help="The implementation.")],
    golden: Annotated[Path | None, typer.Option(help="The file of golden values, to compare with or to save.")] = None,
    save_golden: Annotated[
        bool, typer.Option("--save-golden", help="Save the current values as the golden ones.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check an implementation's evidence with a fresh nonce. Simulated: software keys. Exit code 1 if a check fails."""
    from janus_platform.attestation.client import verify_running

    report = verify_running(running().evidence, name, golden=golden, save_golden=save_golden)
    typer.echo(json.dumps(report.plain()) if as_json else str(report))
    if report.failed:
        raise typer.Exit(1)


def rotate_keys(
    name: Annotated[str | None, typer.Argument(help="An implementation; if left out, all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue new keys to implementations. No request is dropped; the old keys stop working after a grace period."""
    rotation = running().post("/keys", **({} if name is None else {"implementation": name}))
    if as_json:
        typer.echo(json.dumps(rotation))
        return
    for one in rotation["rotated"]:
        how = "fresh processes have it" if one["restarted"] else "it was not running"
        typer.echo(f"{one['name']} has a new key: {how}.")
    typer.echo(f"The old keys end after {rotation['grace_seconds']} s.")


def top(
    once: Annotated[bool, typer.Option("--once", help="Print the table once and exit.")] = False,
    seconds: Annotated[float, typer.Option(min=0.2, help="Seconds between updates.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Show what each implementation uses and does, the latest requests (without their content) and anomalies."""
    client = running()
    if as_json:
        typer.echo(json.dumps(client.get("/top")))
        return
    from janus_platform.cli.top import follow, show

    if once:
        show(client.get("/top"))
    else:
        follow(lambda: dict(client.get("/top")), seconds=seconds)


def add_to(app: typer.Typer) -> None:
    """Register the three commands."""
    app.command()(verify)
    app.command("rotate-keys")(rotate_keys)
    app.command()(top)
