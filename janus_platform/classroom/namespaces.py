"""Names of implementations in a classroom: a learner's `mine` is `learner-07-mine` for everybody else.

So the book's cells run unchanged, and two learners never meet in one name. Who is asking is a context variable: the
gateway guard sets it for each request, and what stands behind the guard looks there.
"""

from __future__ import annotations

from collections.abc import Collection
from contextvars import ContextVar

# The learner whose request this is; None for the teacher's own.
ASKING: ContextVar[str | None] = ContextVar("janus_room_asking", default=None)


def own(learner: str, name: str) -> str:
    """The full name of what `learner` calls `name`."""
    return f"{learner}-{name}"


def short(learner: str, name: str) -> str:
    """What `learner` calls the implementation of that full name."""
    return name.removeprefix(f"{learner}-")


def is_own(learner: str, name: str) -> bool:
    """Whether the implementation of that full name is the learner's."""
    return name.startswith(f"{learner}-")


def owner(name: str) -> str | None:
    """The learner whose implementation, or whose own id, that full name is; None for what belongs to all."""
    parts = name.split("-")
    return "-".join(parts[:2]) if parts[0] == "learner" and len(parts) > 1 and parts[1].isdigit() else None


def full_name(name: str, names: Collection[str]) -> str:
    """The full name, one of `names`, of what the asking learner calls `name`; else `name` itself."""
    learner = ASKING.get()
    return own(learner, name) if learner is not None and own(learner, name) in names else name
