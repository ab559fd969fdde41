"""The load balancer: which node of an implementation gets a request, and which are left out for a while.

The node with the fewest open requests is chosen. One that fails EJECTION_FAILURES times in a row, requests and health
checks counted alike, is ejected for a while that grows with each ejection; it comes back slowly, with a share
of the requests that grows to a full one. The last node in service is never ejected: a bad answer beats none at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from janus_platform.clock import Clock
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.remote_url import Site, host_header
from janus_platform.gateway.upstream_connection import CutOff, NotHttp, Unanswered
from janus_platform.gateway.upstream_pool import Address, Connections

log = logging.getLogger("janus.gateway")

CHECK_SECONDS = 5.0
CHECK_TIMEOUT_SECONDS = 2.0
EJECTION_FAILURES = 3
EJECTION_SECONDS = 10.0
MAX_EJECTION_SECONDS = 300.0
RETURN_SECONDS = 30.0
# The share of the requests that a node starts with when it comes back.
FIRST_SHARE = 0.1


@dataclass(eq=False)
class Node:
    """One running node and how it has done. `out_until` is None while it is in service."""

    upstream: Upstream
    failures: int = 0
    ejections: int = 0
    out_until: float | None = None
    sound: bool = True
    back_since: float | None = None
    # Grows by one with each choice, by more while the share is smaller: the least is next among equally busy nodes.
    turns: float = 0.0

    def share(self, now: float) -> float:
        """The part of a full share that it gets at `now`: less than 1 for a while after its return."""
        if self.back_since is None:
            return 1.0
        share = FIRST_SHARE + (1 - FIRST_SHARE) * (now - self.back_since) / RETURN_SECONDS
        if share >= 1:
            self.back_since, self.ejections = None, 0
        return min(1.0, share)


class Balancer:
    """Chooses among the nodes of each implementation; `run` checks their health in the background."""

    def __init__(self, clock: Clock, health_path: str) -> None:
        self._clock, self._health_path = clock, health_path
        self._nodes: dict[str, dict[Address, Node]] = {}

    def choose(self, name: str, upstreams: Sequence[Upstream], tried: Sequence[Node] = ()) -> Node | None:
        """The node for the next request; None when all have been tried.

        The first choice is made among the nodes in service; where all of those have been tried, among the others.
        """
        nodes = self._known(name, upstreams)
        left = [node for node in nodes if node not in tried]
        if len(left) < 2:
            return left[0] if left else None
        now = self._clock.now()
        serving = [node for node in left if self._in_service(node, nodes, now)] or left
        node = min(serving, key=lambda node: (node.upstream.load.open / node.share(now), node.turns))
        node.turns += 1 / node.share(now)
        return node

    def succeeded(self, node: Node) -> None:
        """The node has answered as it should."""
        node.failures = 0

    def failed(self, name: str, node: Node) -> None:
        """The node could not be reached, broke off, or answered that it cannot."""
        node.failures += 1
        others = [other for other in self._nodes.get(name, {}).values() if other is not node]
        if node.failures < EJECTION_FAILURES or node.out_until is not None:
            return
        if not any(other.out_until is None for other in others):
            return  # The last one.
        node.ejections += 1
        node.back_since = None
        seconds = min(EJECTION_SECONDS * node.ejections, MAX_EJECTION_SECONDS)
        node.out_until = self._clock.now() + seconds
        log.warning("node ejected implementation=%s node=%s seconds=%g", name, _shown(node.upstream.base), seconds)

    def states(self) -> Iterator[tuple[str, int, int]]:
        """For each implementation: its name, how many nodes are in service, and how many are ejected."""
        for name, nodes in self._nodes.items():
            out = sum(node.out_until is not None for node in nodes.values())
            yield name, len(nodes) - out, out

    async def run(self, connections: Connections, names: Callable[[], Iterable[str]]) -> None:
        """Check the health of every node that has others beside it, until cancelled; forget what `names` has not."""
        while True:
            await self._clock.sleep(CHECK_SECONDS)
            for gone in self._nodes.keys() - set(names()):
                del self._nodes[gone]
            several = [(name, node) for name, nodes in self._nodes.items() if len(nodes) > 1 for node in nodes.values()]
            await asyncio.gather(*(self._look_at(name, node, connections) for name, node in several))

    async def _look_at(self, name: str, node: Node, connections: Connections) -> None:
        node.sound = await self._is_sound(node.upstream.base, connections)
        if not node.sound:
            self.failed(name, node)
        elif node.out_until is not None:
            self._in_service(node, self._nodes.get(name, {}).values(), self._clock.now())

    async def _is_sound(self, address: Address, connections: Connections) -> bool:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                connection = await connections.take(address, fresh=True)
                try:
                    about = f"host: {host_header(address)}\r\naccept: */*\r\n\r\n"
                    connection.ask(f"GET {self._health_path} HTTP/1.1\r\n{about}".encode(), b"")
                    return (await connection.head())[0] == 200
                finally:
                    connection.abort()
        except (TimeoutError, Unanswered, CutOff, NotHttp):
            return False

    def _known(self, name: str, upstreams: Sequence[Upstream]) -> list[Node]:
        known = self._nodes.get(name, {})
        if len(known) != len(upstreams) or any(upstream.base not in known for upstream in upstreams):
            latest = max((node.turns for node in known.values()), default=0.0)
            fresh = {u.base: known.get(u.base) or Node(u, turns=latest) for u in upstreams}
            known = self._nodes[name] = fresh
        return list(known.values())

    def _in_service(self, node: Node, others: Iterable[Node], now: float) -> bool:
        if node.out_until is not None and now >= node.out_until and node.sound:
            node.out_until, node.failures, node.back_since = None, 0, now
            node.turns = max((other.turns for other in others), default=0.0)
        return node.out_until is None


def _shown(address: Address) -> str:
    if isinstance(address, Site):
        return address.url
    return address.name if not isinstance(address, tuple) else f"{address[0]}:{address[1]}"
