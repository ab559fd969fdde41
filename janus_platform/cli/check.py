"""`janus check`: the contract against the platform that runs here, or against the real hosts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from janus_platform.cli.output import AsJson
from janus_platform.client import running
from janus_platform.contract import load_contract

DRIFT, NOTHING_COMPARED = 1, 3


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask the real hosts. Keys come from the environment.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also show the fields that agree.")] = False,
    connect: Annotated[
        list[str] | None,
        typer.Option(help="With --live: HOST=ADDRESS:PORT, where to find a host instead; repeatable."),
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="With --live: certificates to trust, in PEM form.")] = None,
    proxy: Annotated[str | None, typer.Option(help="With --live: the proxy to use.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the contract with the running platform, field by field; exit code 1 if they differ, 3 if none answers."""
    if not live and (connect or ca or proxy):
        raise typer.BadParameter("--connect, --ca and --proxy go with --live.")
    from janus_platform.conformance.live import LiveOptions, check_live
    from janus_platform.conformance.local import check_local

    contract = load_contract()
    if live:
        report = check_live(contract, LiveOptions.of(connect or [], ca, proxy))
    else:
        report = check_local(running(), contract)
    if as_json:
        typer.echo(json.dumps(report.as_json()))
    else:
        from rich.console import Console

        from janus_platform.conformance.table import show

        show(report, Console(), everything=everything)
    if report.drifted:
        raise typer.Exit(DRIFT)
    if not report.compared:
        raise typer.Exit(NOTHING_COMPARED)
