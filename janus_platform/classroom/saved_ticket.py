"""The ticket that `janus join` keeps for the next time, readable by its owner alone (0600)."""

from __future__ import annotations

import os
from pathlib import Path

from janus_bench.home import home
from janus_platform.classroom.roster import private_file
from janus_platform.classroom.ticket import Ticket
from janus_platform.errors import PlatformError

VARIABLE = "JANUS_ROOM"


def ticket_file() -> Path:
    """Where the ticket is kept; it need not exist."""
    return home() / "room-ticket"


def wanted_ticket() -> Ticket | None:
    """The ticket in `$JANUS_ROOM`, else the one that was kept; None for neither. Raises PlatformError for a bad one."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        try:
            text = ticket_file().read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
    return Ticket.parse(text)


def keep(ticket: Ticket) -> None:
    """Keep the ticket for the next time. Raises PlatformError."""
    try:
        with private_file(ticket_file()) as handle:
            os.write(handle, str(ticket).encode())
    except OSError as error:
        raise PlatformError(f"Cannot write {ticket_file()}: {error.strerror}. Set JANUS_HOME elsewhere.") from error


def forget() -> bool:
    """Forget the ticket; whether there was one."""
    kept = ticket_file().exists()
    ticket_file().unlink(missing_ok=True)
    return kept
