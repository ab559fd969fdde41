"""How this machine takes part in a classroom: as its host, by settings, or by a learner's ticket that is kept here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from janus_bench.home import home
from janus_platform.classroom.ticket import Ticket
from janus_platform.errors import PlatformError
from janus_platform.runtime.launcher import Program
from janus_platform.stored_files import write_whole

# A ticket in it takes the place of the one that `janus join` keeps.
TICKET_VARIABLE = "JANUS_ROOM"
_JOINED = "You have joined a classroom, and the classroom decides that. `janus leave` ends it."


@dataclass(frozen=True)
class ClassroomSettings:
    """Where a classroom is reached, for how many learners, and which suite its leaderboard ranks."""

    host: str
    port: int
    learners: int
    suite: str = "quick"

    @property
    def mark(self) -> str:
        """A text that differs where classrooms do."""
        return f"{self.host} {self.port} {self.learners} {self.suite}"

    @property
    def program(self) -> Program:
        """The process of a platform that is such a classroom."""
        return Program(
            "janus_platform.classroom.server",
            self.mark,
            "as another classroom, or as none",
            (
                *("--room-host", self.host, "--room-port", str(self.port)),
                *("--learners", str(self.learners), "--suite", self.suite),
            ),
        )


def bridge_program(ticket: Ticket) -> Program:
    """The process that takes the platform's place on the machine of the learner with this ticket."""
    return Program(
        "janus_platform.classroom.bridge_process",
        ticket.shown,
        "outside that classroom",
        environment={TICKET_VARIABLE: str(ticket)},
        refusal=_JOINED,
    )


def wanted_program(classroom: ClassroomSettings | None = None) -> Program | None:
    """The bridge, for whoever has joined a classroom; else that of the `classroom` to be started, or None.

    Raises PlatformError for a bad ticket, and where both are wanted.
    """
    ticket = wanted_ticket()
    if ticket and classroom:
        raise PlatformError(_JOINED)
    return bridge_program(ticket) if ticket else classroom.program if classroom else None


def classroom_folder() -> Path:
    """Where a classroom keeps roster, certificate and leaderboard; it need not exist."""
    return home() / "room"


def ticket_file() -> Path:
    """Where the ticket is kept, readable by its owner alone (0600); it need not exist."""
    return home() / "room-ticket"


def wanted_ticket() -> Ticket | None:
    """The ticket in `$JANUS_ROOM`, else the one that was kept; None for neither. Raises PlatformError for a bad one."""
    text = os.environ.get(TICKET_VARIABLE, "").strip()
    if not text:
        try:
            text = ticket_file().read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
    return Ticket.parse(text)


def keep_ticket(ticket: Ticket) -> None:
    """Keep the ticket for the next time. Raises PlatformError."""
    try:
        home().mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(ticket_file(), str(ticket), private=True)
    except OSError as error:
        raise PlatformError(f"Cannot write {ticket_file()}: {error.strerror}. Set JANUS_HOME elsewhere.") from error


def forget_ticket() -> bool:
    """Forget the ticket; whether there was one."""
    kept = ticket_file().exists()
    ticket_file().unlink(missing_ok=True)
    return kept
