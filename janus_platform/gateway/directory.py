"""What the gateway knows about implementations: their names, where a request to one goes, and their list as models.

The node's `Deployments` is such a directory; a test's dictionary can be one too. The gateway knows no more of the node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from janus_platform.gateway.errors import NotReadyError
from janus_platform.gateway.remote_url import Address


class Load:
    """How many requests one running implementation is answering; it can be awaited until there are none."""

    def __init__(self) -> None:
        self.open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count one request while this lasts."""
        self.open += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.open -= 1
            if not self.open:
                self._idle.set()

    async def drained(self) -> None:
        """Return once no request is open."""
        await self._idle.wait()


async def _not_lost() -> NotReadyError | None:
    return None


@dataclass(frozen=True)
class Upstream:
    """Where one running implementation listens, and the caller id under which it calls the services.

    `base` is the path of a Unix socket, host and port, or the `RemoteUrl` of one that runs elsewhere. `lost` is asked
    after a request that was not answered: what to tell the client where the process has ended, None where it runs.
    """

    caller: str
    base: Address
    load: Load = field(default_factory=Load, compare=False)
    lost: Callable[[], Awaitable[NotReadyError | None]] = field(default=_not_lost, compare=False)


class Directory(Protocol):
    """The implementations that the gateway can reach."""

    @property
    def baseline(self) -> str:
        """The name of the implementation that answers while there is no leader."""

    def names(self) -> list[str]:
        """The names of all implementations, running or not."""

    def describe(self) -> list[dict[str, Any]]:
        """One entry an implementation, with at least `name` and `created` (Unix seconds)."""

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        """Where the nodes of `name` listen (at least one), started if need be.

        Raises NotDeployedError or NotReadyError.
        """


OWNER = "janus"


def list_models(default_model: str, directory: Directory, current: str) -> dict[str, Any]:
    """OpenAI's list of models; the default model's `root` is the implementation it stands for now (`current`)."""
    described = directory.describe()
    created = min((int(entry["created"]) for entry in described), default=0)
    default = {**_model(default_model, created), "root": current}
    return {"object": "list", "data": [default, *(_model(e["name"], int(e["created"])) for e in described)]}


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
