"""Who may have how much of the egress proxy at once: heads that are still to come, and tunnels with a queue."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Connection = TypeVar("Connection", bound=Hashable)


class UnfinishedHeads(Generic[Connection]):
    """Connections that have not said yet where to, by whose they are: the caller's once it has proved itself, before
    that the address's. Beyond `most` of one owner its oldest has to go, so that silent ones never keep a new one out.
    """

    def __init__(self) -> None:
        self._of: dict[Hashable, OrderedDict[Connection, None]] = {}
        self._owners: dict[Connection, Hashable] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def put(self, connection: Connection, owner: Hashable, most: int) -> Connection | None:
        """Count `connection` as `owner`'s, until `drop`; returns the one that has to go for it, if one has."""
        self.drop(connection)
        self._owners[connection] = owner
        held = self._of.setdefault(owner, OrderedDict())
        held[connection] = None
        return next(iter(held)) if len(held) > most else None

    def drop(self, connection: Connection) -> None:
        """Count it no longer; nothing happens where it was not."""
        owner = self._owners.pop(connection, None)
        if owner is not None:
            del self._of[owner][connection]
            if not self._of[owner]:
                del self._of[owner]


class Tunnels:
    """The open tunnels of each caller, and those that wait for one to end.

    `enter` opens at once while the caller has less than `most`; then up to `waiting` wait, in their order, at most
    `seconds` each.
    """

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self._queues: dict[str, deque[_Entry]] = {}

    def enter(
        self, caller: str, begin: Callable[[], bool], refuse: Callable[[], None],
        *, most: int, waiting: int, seconds: float,
    ) -> Callable[[], None] | None:  # fmt: skip
        """Call `begin` as soon as the caller may have one more, or `refuse` when it has waited too long.

        `begin` says whether the tunnel began: its client may be gone.
        `leave` has to be called for each tunnel that began. Returns what gives the place in the queue up; None where
        nothing waits.
        """
        if self.open[caller] < most:
            self.open[caller] += 1
            if not begin():
                self.leave(caller)
            return None
        queue = self._queues.setdefault(caller, deque())
        if len(queue) >= waiting:
            refuse()
            return None
        entry = _Entry(begin)
        queue.append(entry)

        def give_up() -> None:
            entry.timer.cancel()
            if entry in queue:
                queue.remove(entry)
                self._forget_empty(caller)

        def too_long() -> None:
            give_up()
            refuse()

        entry.timer = asyncio.get_running_loop().call_later(seconds, too_long)
        return give_up

    def waits(self, caller: str) -> bool:
        """Whether a tunnel of the caller waits for another to end."""
        return caller in self._queues

    def leave(self, caller: str) -> None:
        """One tunnel of the caller has ended: the first that waits has its place."""
        while queue := self._queues.get(caller):
            entry = queue.popleft()
            self._forget_empty(caller)
            entry.timer.cancel()
            if entry.begin():
                return
        self.open[caller] -= 1
        if not self.open[caller]:
            del self.open[caller]

    def _forget_empty(self, caller: str) -> None:
        if not self._queues.get(caller):
            self._queues.pop(caller, None)


class _Entry:
    """One tunnel that waits."""

    timer: asyncio.TimerHandle

    def __init__(self, begin: Callable[[], bool]) -> None:
        self.begin = begin
