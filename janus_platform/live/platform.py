"""The platform as a reader holds it in live mode."""

from __future__ import annotations

from typing import Any, NoReturn

from janus_platform.errors import PlatformError
from janus_platform.live.hosts import Host


class LocalOnlyError(PlatformError):
    """Something of the local platform was asked for in live mode."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} works on the local platform only. Unset JANUS_MODE to use it.")


class LivePlatform:
    """The specification's own hosts. `hosts` says of each whether it can be reached; nothing here starts or ends."""

    def __init__(self, hosts: list[Host]) -> None:
        self.hosts = hosts

    @property
    def clock(self) -> NoReturn:
        """There is no clock to move: limits of real hosts count real time."""
        raise LocalOnlyError("`clock`")

    @property
    def url(self) -> NoReturn:
        """No public host is named for the gateway."""
        raise LocalOnlyError("The gateway")

    def down(self) -> None:
        """There is nothing to leave."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Libraries look for methods that are not there.
            raise AttributeError(name)
        raise LocalOnlyError(f"`{name}`")

    def __str__(self) -> str:
        lines = ["Live mode: the specification's own hosts."]
        for one in self.hosts:
            state = "reachable" if one.reachable else "unreachable"
            lines.append(f"  {state:<12} {one.host}{f': {one.reason}' if one.reason else ''}")
        if not all(one.reachable for one in self.hosts):
            lines.append("A cell that needs an unreachable host is skipped, and says so.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        there = sum(one.reachable for one in self.hosts)
        return f"<LivePlatform: {there} of {len(self.hosts)} hosts reachable>"
