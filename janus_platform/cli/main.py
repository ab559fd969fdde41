"""`janus`: start, look at and end the local platform, and submit implementations to it.

Exit codes: 0 done · 1 it did not work, the message says what to do · 2 wrong usage · 3 nothing runs
(`janus status`) or nothing could be compared (`janus check`).
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from janus_platform.classroom.settings import wanted_program
from janus_platform.cli.check import check
from janus_platform.cli.classroom import add_to as add_classroom
from janus_platform.cli.classroom import announce, settings_of
from janus_platform.cli.exercise import exercise
from janus_platform.cli.learn import learn
from janus_platform.cli.model import models
from janus_platform.cli.model_state import wait_for_model
from janus_platform.cli.output import AsJson, say
from janus_platform.cli.security import add_to as add_security
from janus_platform.cli.submissions import add_to as add_submissions
from janus_platform.cli.trace import trace
from janus_platform.client import running
from janus_platform.contract import load_contract
from janus_platform.egress.environment import egress_variable_names
from janus_platform.errors import NotRunningError, PlatformError
from janus_platform.gateway.access import AccessRules
from janus_platform.implementations import BASELINE
from janus_platform.runtime.launcher import Options, join, stop
from janus_platform.runtime.state import runtime

app = typer.Typer(
    help="Run the Janus platform on this machine: gateway, isolated implementations, five services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="The gateway's port (default 8000; 0: any free one).")] = None,
    limits: Annotated[str | None, typer.Option(help="Rate limits: `contract` (default) or `off`.")] = None,
    web: Annotated[
        str | None,
        typer.Option(help="Where web proxy and search look: `corpus` (bundled, default) or `live`. Also $JANUS_WEB."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A language model: a name from `janus model list` or the path of a GGUF file. Also $JANUS_MODEL."
        ),
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Keep running after this terminal ends.")] = False,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            help="Require this API key from clients; repeatable. Also $JANUS_API_KEYS, which `ps` does not show."
        ),
    ] = None,
    api_key_file: Annotated[Path | None, typer.Option(help="Read the API keys from a file, one per line.")] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(help="Allow web pages from this origin, such as https://app.example; repeatable; *: any."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Open a classroom: the address of this machine that learners connect to.")
    ] = None,
    learners: Annotated[int, typer.Option(help="Number of learners; each gets a card.")] = 0,
    names: Annotated[Path | None, typer.Option(help="A file with the learners' names, one per line.")] = None,
    room_port: Annotated[int | None, typer.Option(help="The port that learners connect to (default 8443).")] = None,
    suite: Annotated[
        str, typer.Option(help="The suite for the classroom's leaderboard: a name or a suite file.")
    ] = "quick",
    as_json: AsJson = False,
) -> None:
    """Start the platform and return once it is healthy. If it is already running, use that one.

    Without --detach it stops when the terminal session that started it ends. --host and --learners open a classroom.
    """
    files = runtime()
    classroom = settings_of(host, learners, names, room_port, suite)
    access = AccessRules.of(api_key or (), api_key_file, cors_origin or ())
    options = Options(
        port=port,
        limits=limits,
        web=web,
        model=model,
        detach=detach,
        access=access,
        program=wanted_program(classroom),
    )
    status = join(files, options, lambda c: c.get("/status") if detach else c.post("/watch", pid=_session()))
    if as_json:
        typer.echo(json.dumps(status))
        return
    typer.echo(f"The platform is up: {status['gateway']['url']}")
    for warning in status.get("warnings", ()):
        typer.echo(f"Warning: {warning}", err=True)
    if classroom is not None:
        announce(status)
    if options.wanted_model:
        wait_for_model(running())
    typer.echo('Send this shell\'s requests through it:  eval "$(janus env)"')
    typer.echo("It stays until `janus down`." if detach else "It ends with this terminal, or with `janus down`.")


@app.command()
def env(
    caller: Annotated[str | None, typer.Option(help="A caller id with its own limits and logs.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Print `unset` lines for these variables instead.")] = False,
) -> None:
    """Print `export` lines: `eval "$(janus env)"` sends a shell's requests through the platform.

    `eval "$(janus env --off)"` undoes it, with or without a running platform. It does not restore an earlier proxy.
    """
    if off:
        if caller is not None:
            raise typer.BadParameter("--off takes the variables of any caller away; leave --caller out")
        for name in egress_variable_names(load_contract().implementation.key_variable):
            typer.echo(f"unset {name}")
        return
    variables = running().get("/environment", caller=caller or f"shell-{secrets.token_hex(4)}")
    for name, value in variables.items():
        typer.echo(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is running and whether it is healthy; exit code 3 if nothing is."""
    try:
        current = running().get("/status")
    except NotRunningError as error:
        if as_json:
            typer.echo(json.dumps({"running": False}))
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(3) from None
    if as_json:
        typer.echo(json.dumps(current))
    else:
        _print_status(current)


@app.command()
def down() -> None:
    """Stop the platform, for everyone who uses it."""
    files = runtime()
    if not files.folder.exists():
        typer.echo("No platform was running.")
        return
    with files.starting():
        state = files.state()
        if state is None:
            files.clear()
            typer.echo("No platform was running.")
            return
        stop(files, state)
    typer.echo("The platform is down.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look for problems that would keep the platform from working, and say how to fix them."""
    from janus_platform.cli.doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([vars(f) for f in findings]))
    else:
        marks = {"ok": "✓", "note": "·", "problem": "✗"}
        for finding in findings:
            typer.echo(f"{marks[finding.level]} {finding.subject}: {finding.found}")
            if finding.remedy:
                typer.echo(f"    {finding.remedy}")
    if any(f.level == "problem" for f in findings):
        raise typer.Exit(1)


add_submissions(app)
app.command()(trace)
app.command()(check)
app.command()(learn)
app.add_typer(exercise, name="exercise")


@app.command()
def progress(as_json: AsJson = False) -> None:
    """Show which of the book's exercises you have solved, and when. This stays on your machine."""
    from janus_book.progress import report

    exercises = report()
    if as_json:
        typer.echo(json.dumps(exercises.as_json()))
        return
    from rich.console import Console

    Console().print(exercises.table())
    for problem in exercises.problems:
        say(problem, err=True)


@app.command()
def solution(name: Annotated[str, typer.Argument(help="notebook.exercise, as in the check cell.")]) -> None:
    """Print the solution of an exercise."""
    from janus_book import solution as print_solution
    from janus_book.catalogue import UnknownExerciseError

    try:
        print_solution(name)
    except UnknownExerciseError as error:
        say(f"janus: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def prepare() -> None:
    """Fetch the embedding model and build the indexes, once. Without a network, say what works without them."""
    from janus_platform.cli.prepare import prepare_all

    prepare_all(lambda line: typer.echo(line, err=True))


app.add_typer(models, name="model")
add_security(app)
add_classroom(app)


def main() -> None:
    """Run the command line; errors of the platform become one message and exit code 1."""
    try:
        app()
    except PlatformError as error:
        say(f"janus: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)


def _session() -> int:
    """The process the platform should end with: the terminal session's leader, else the shell that called us."""
    leader = os.getsid(0)
    return leader if leader not in (0, os.getpid()) else os.getppid()


def _print_status(status: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"Janus {status['version']}, contract {status['contract_version']}, {status['gateway']['url']}")
    for column in ("part", "host", "state", "detail"):
        table.add_column(column)
    leader = f"leader: {status['leader'] or f'none has beaten {BASELINE}, the baseline'}"
    table.add_row("gateway", status["gateway"]["url"], _health(status["gateway"]), leader)
    blocked = status["egress"]["blocked"]
    table.add_row("egress", status["egress"]["address"], _health(status["egress"]), f"{blocked} blocked")
    for service in status["services"]:
        details = service.get("detail", {})
        detail = ", ".join(f"{k}: {v}" for k, v in details.items() if isinstance(v, str | int | float))
        table.add_row(service["name"], service["host"], _health(service), detail)
    for one in status["implementations"]:
        table.add_row(one["name"], "", str(one.get("state", "")), _around(one))
    console.print(table)
    detached = " · detached" if status["detached"] else ""
    console.print(f"limits: {status['limits']} · web: {status['web']} · users: {status['users']}{detached}")


def _health(part: dict[str, Any]) -> str:
    return "healthy" if part["healthy"] else "down"


def _around(one: dict[str, Any]) -> str:
    """What stands around an implementation, in a few words."""
    walls, isolation = one.get("walls"), str(one.get("isolation", ""))
    if not walls:
        return isolation
    bounds = f"{walls['memory_bytes'] / 1e9:g} GB, {walls['cores']} cores"
    restarts = f", restarts: {one['restarts']}" if one.get("restarts") else ""
    reasons = f" ({'; '.join(walls['reasons'])})" if isolation == "process" and walls["reasons"] else ""
    program = f" {walls['bubblewrap']}" if walls.get("bubblewrap") else ""
    return f"{isolation}{program}{reasons}: {bounds}{restarts}"


if __name__ == "__main__":
    main()
