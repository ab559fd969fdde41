"""What a node needs to give an implementation its only way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class _Place(Protocol):
    @property
    def egress_socket(self) -> Path: ...

    @property
    def ca_file(self) -> Path: ...


class EgressAccess:
    """The egress proxy's addresses, its CA, and the variables that lead to it.

    `port` returns the proxy's loopback port, which is known once it listens; `variables` those of a caller; `blocked`
    its blocked attempts as plain data.
    """

    def __init__(
        self,
        place: _Place,
        port: Callable[[], int],
        variables: Callable[..., dict[str, str]],
        blocked: Callable[[str], list[dict[str, Any]]],
    ) -> None:
        self._port, self._variables, self._blocked = port, variables, blocked
        self.socket_path = place.egress_socket
        self.ca_file = place.ca_file

    @property
    def tcp_port(self) -> int:
        """The egress proxy's port on the host's loopback."""
        return self._port()

    def environment(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        """The egress variables of `caller`, whose proxy answers at `host`:`port` as the implementation sees it."""
        return self._variables(caller, host=host, port=port)

    def refused(self, caller: str, since: float) -> list[str]:
        """Where the proxy did not let `caller` go since then, in seconds since the epoch."""
        return [event["target"] for event in self._blocked(caller) if event["at"] >= since]
