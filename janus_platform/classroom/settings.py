"""How a classroom is set up, and which processes run for it; light, because every start of the platform reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from janus_bench.home import home
from janus_platform.classroom.saved_ticket import VARIABLE, wanted_ticket
from janus_platform.classroom.ticket import Ticket
from janus_platform.errors import PlatformError
from janus_platform.runtime.launcher import Program

_JOINED = "You have joined a room, and the room decides that. `janus leave` ends it."


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
            "as another room, or as none",
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
        "outside that room",
        environment={VARIABLE: str(ticket)},
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
