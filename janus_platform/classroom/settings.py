"""How a room is set up; standard library alone, because the command line reads it before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from janus_bench.home import home


@dataclass(frozen=True)
class ClassroomSettings:
    """Where the door stands, for how many learners, and which suite the board ranks."""

    host: str
    port: int
    learners: int
    suite: str = "quick"

    @property
    def mark(self) -> str:
        """A text that differs where rooms do."""
        return f"{self.host} {self.port} {self.learners} {self.suite}"

    @property
    def arguments(self) -> list[str]:
        """The same, as arguments of the platform's process."""
        return [
            *("--room-host", self.host, "--room-port", str(self.port)),
            *("--learners", str(self.learners), "--suite", self.suite),
        ]


def classroom_folder() -> Path:
    """Where a room keeps roster, certificate and leaderboard; it need not exist."""
    return home() / "room"
