"""What the contract says of a room, one shared platform for a class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoomRules:
    """The door's port, what one learner may do at a time, how much runs at once, and where the board stands."""

    since: str
    port: int
    max_learners: int
    connections_per_learner: int
    requests_in_flight: int
    calls_in_flight: int
    calls_together: int
    implementations_per_learner: int
    submission_bytes: int
    submission_files: int
    trials_at_once: int
    implementations_awake: int
    board_path: str
