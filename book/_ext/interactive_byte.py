"""The figure *One byte*: a small implementation as it was measured and saved, and what a reader may change of it."""

from __future__ import annotations

from dataclasses import astuple
from html import escape
from typing import Any

from janus_platform.attestation import EventLog, measure
from janus_platform.attestation.registers import Event
from janus_platform.contract import load_contract

CODE = """\
async def answer(question, services):
    pages = await services.search(question, 3)
    yield "From what I found: "
    yield pages[0].snippet
"""
COMMAND, VARIABLES, LIMITS = ["uvicorn", "main:app"], ["HOST", "PORT"], {"cores": 4}
PORT = 443
# Not on the allow-list: an implementation that could send its questions there would be another one.
HOST = "api.example.com:443"


def fixed_events() -> list[Event]:
    """What the figure leaves alone: a version, a lock file's digest, the configuration."""
    locked = Event(measure.DEPENDENCIES, "python", "CPython 3.11.7")
    return [locked, *measure.configuration(COMMAND, VARIABLES, LIMITS, "bubblewrap")]


def hosts() -> list[str]:
    """The hosts that an implementation may reach, as events name them."""
    return [event.name for event in measure.egress(load_contract().egress.allowed_hosts, PORT)]


def data() -> dict[str, Any]:
    """What the script reads: the registers' names, the events that stay, what was saved, and a host to add."""
    return {
        "names": list(load_contract().attestation.registers),
        "fixed": [list(astuple(event)) for event in fixed_events()],
        "golden": {"code": CODE, "hosts": hosts()},
        "host": HOST,
    }


def still() -> str:
    """The saved registers of the figure's implementation, but for its code, which only a file has."""
    names = load_contract().attestation.registers
    log = EventLog(names, [*fixed_events(), *measure.egress(load_contract().egress.allowed_hosts, PORT)])
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{len(log.of(name))} events</td>'
        f"<td><code>{value[:16]}…</code></td></tr>"
        for name, value in log.registers().items()
        if log.of(name)
    )
    return f'<table class="table"><tbody>{rows}</tbody></table>'
