"""`janus classroom …` for the teacher, `janus join` and `janus leave` for learners."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from janus_platform.classroom.settings import (
    TICKET_VARIABLE,
    ClassroomSettings,
    bridge_program,
    classroom_folder,
    forget_ticket,
    keep_ticket,
    ticket_file,
)
from janus_platform.cli.output import AsJson, say
from janus_platform.client import running
from janus_platform.errors import PlatformError
from janus_platform.runtime.launcher import Options, join, stop
from janus_platform.runtime.state import runtime

classroom = typer.Typer(help="Manage the classroom on this machine: cards, who is there, the leaderboard.")


def settings_of(
    host: str | None, learners: int, names: Path | None, port: int | None, suite: str
) -> ClassroomSettings | None:
    """The classroom that `janus up` was asked for, its roster written; None for none. Raises PlatformError."""
    from janus_platform.classroom.addresses import own_addresses
    from janus_platform.classroom.roster import open_roster, read_names
    from janus_platform.contract import load_contract

    if host is None and not learners and names is None:
        return None
    rules, given = load_contract().classroom, read_names(names) if names else []
    count = learners or len(given)
    if host is None:
        there = ", ".join(own_addresses()) or "none on a network"
        raise PlatformError(f"Say where learners find the classroom: --host ADDRESS. This machine has: {there}.")
    if not 0 < count <= rules.max_learners:
        raise PlatformError(
            f"Everyone who joins needs a token: --learners N (1 to {rules.max_learners}), or --names FILE."
        )
    open_roster(classroom_folder(), count, given, warn=lambda sentence: say(f"Warning: {sentence}", err=True))
    return ClassroomSettings(host, rules.port if port is None else port, count, suite)


def announce(status: dict[str, Any]) -> None:
    """Say where the classroom is, and warn where others than this machine reach it."""
    from janus_platform.classroom.addresses import is_loopback

    described = status["room"]
    typer.echo(
        f"The classroom is open at {described['host']}:{described['port']} for {len(described['learners'])} learners."
    )
    typer.echo("Cards to print: janus classroom cards --html cards.html · who is there: janus classroom who")
    if not is_loopback(described["host"]):
        typer.echo(
            "Warning: everyone on this network can connect to that port. Only a card lets them in, each as one "
            "learner. Programs that learners submit run on this machine.",
            err=True,
        )


@classroom.command()
def cards(
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for a mail merge.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write one page with all cards, to print and cut up.")] = None,
    each: Annotated[Path | None, typer.Option(help="Write one page per learner into this folder, to send out.")] = None,
) -> None:
    """Print the learners' cards. A card is a key: anyone who has it can act as that learner."""
    from janus_platform.classroom import cards as card_pages
    from janus_platform.classroom.addresses import card_address
    from janus_platform.classroom.roster import open_roster
    from janus_platform.stored_files import write_whole

    described = running().get("/room")
    learners = list(open_roster(classroom_folder(), len(described["learners"])).learners.values())
    all_cards = card_pages.make_cards(
        learners, card_address(described["host"]), described["port"], described["fingerprint"]
    )
    pages = {} if html is None else {html.absolute(): card_pages.as_html(all_cards)}
    if each is not None:
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        pages |= {each.absolute() / f"{card.learner}.html": card_pages.page_of(card) for card in all_cards}
    for path, text in pages.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, text, private=True)
    if each is not None:
        typer.echo(f"{len(all_cards)} pages are in {each}, one for each learner. Delete those that are sent.", err=True)
    if html is not None:
        typer.echo(f"{len(all_cards)} cards are in {html}. Print it, cut it up, and delete it.", err=True)
    if pages:
        return
    if as_json:
        typer.echo(json.dumps(card_pages.as_json(all_cards)))
    elif as_csv:
        typer.echo(card_pages.as_csv(all_cards), nl=False)
    else:
        for card in all_cards:
            say(f"{card.learner}  {card.name}\n    {card.command}")


@classroom.command()
def who(as_json: AsJson = False) -> None:
    """Show who is there: connections, requests, implementations."""
    described = running().get("/room")
    if as_json:
        typer.echo(json.dumps(described))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Classroom at {described['host']}:{described['port']}, board of suite {described['suite']}")
    # Names are what a teacher reads: they go on in the next line rather than lose their end.
    for column in ("learner", "name", "open", "last seen", "requests", "implementations"):
        is_text = column in ("name", "implementations")
        table.add_column(column, overflow="fold", no_wrap=not is_text, ratio=1 if is_text else None)
    for one in described["learners"]:
        seen = "" if one["last_seen"] is None else f"{dt.datetime.fromtimestamp(one['last_seen']):%H:%M:%S}"
        names = ", ".join(one["implementations"])
        table.add_row(one["id"], Text(one["name"]), str(one["connections"]), seen, str(one["requests"]), Text(names))
    console = Console()
    console.print(table)
    console.print(f"{described['refused']} knocks refused")


@classroom.command()
def board(as_json: AsJson = False) -> None:
    """Show the classroom's leaderboard, with the learners' names."""
    standings = running().get("/room/board")
    rows = standings["rows"]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    unsure = any(row["apart"] is False for row in rows)
    table = Table(title="The classroom's board", caption=standings["not_apart_means"] if unsure else None)
    for column in ("rank", "learner", "implementation", "composite", "quality", "speed"):
        table.add_column(column, justify="left" if column in ("learner", "implementation") else "right")
    for row in rows:
        scores = ["" if row[name] is None else f"{row[name]:.1f}" for name in ("composite", "quality", "speed")]
        rank = f"{standings['not_apart'] if row['apart'] is False else ''}{row['rank']}"
        table.add_row(rank, Text(row["miner"]), Text(row["implementation"]), *scores)
    Console().print(table)
    typer.echo(standings["unverified"], err=True)


@classroom.command()
def renew(learner: Annotated[str, typer.Argument(help="The learner's id, such as learner-07.")]) -> None:
    """Give a learner a new card and close all connections of the old one."""
    from janus_platform.classroom.roster import renew as renewed

    renewed(classroom_folder(), learner)
    running().post("/room/reload")
    say(f"{learner} has a new card: janus classroom cards. The old one no longer works.")


def join_classroom(
    ticket: Annotated[
        str | None,
        typer.Argument(help="The line on your card; if left out, $JANUS_ROOM is used or you are asked for it."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="The gateway's port on this machine (default 8000).")] = None,
    as_json: AsJson = False,
) -> None:
    """Join a classroom. `janus.up()` and the book's notebooks use it until `janus leave`."""
    from janus_platform.classroom.ticket import Ticket

    text = ticket or os.environ.get(TICKET_VARIABLE)
    if not text:
        text = typer.prompt("The line on your card", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    parsed = Ticket.parse(str(text))
    options = Options(port=port, detach=True, program=bridge_program(parsed))
    status = join(runtime(), options, lambda client: client.get("/status"))
    keep_ticket(parsed)
    if as_json:
        typer.echo(json.dumps(status))
        return
    typer.echo(f"You are in the classroom, as {parsed.shown}. The platform is at {status['gateway']['url']}")
    typer.echo('Notebooks: janus.up() as always. This shell: eval "$(janus env)"')
    typer.echo(f"Your ticket is kept in {ticket_file()} until `janus leave`.")


def leave_classroom() -> None:
    """Leave the classroom and delete the ticket."""
    files = runtime()
    state = files.state()
    was_there = forget_ticket()
    if state is not None and state.room.startswith("learner-"):
        with files.starting():
            stop(files, state)
        was_there = True
    typer.echo("You have left the classroom." if was_there else "You were not in a classroom.")
    if os.environ.get(TICKET_VARIABLE):
        typer.echo(f"This shell still has ${TICKET_VARIABLE}: unset {TICKET_VARIABLE}", err=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(classroom, name="classroom")
    # What it was called first; notes and scripts of teachers have it.
    app.add_typer(classroom, name="room", hidden=True)
    app.command("join")(join_classroom)
    app.command("leave")(leave_classroom)
