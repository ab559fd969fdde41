"""New keys for implementations while they answer: issued, brought to fresh processes, and only then the old retired.

A process gets its key in its environment, and an environment cannot be changed from outside. So the node starts fresh
processes with the new key, sends new requests to them, and lets the old ones finish: no request is dropped. The old key
stays valid as long as a request may last. Where the fresh processes do not start, the new key is withdrawn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.egress.callers import Callers
from janus_platform.errors import PlatformError
from janus_platform.gateway.errors import NotDeployedError, NotReadyError
from janus_platform.node.deployments import Deployments

log = logging.getLogger("janus.platform")


class KeyRotation:
    """Rotates the credentials of callers: the inference key and the token for the egress proxy alike."""

    def __init__(self, callers: Callers, deployments: Deployments, contract: Contract, clock: Clock) -> None:
        self._callers, self._deployments, self._rules, self._clock = callers, deployments, contract.secrets, clock
        self._one_at_a_time = asyncio.Lock()

    async def rotate(self, names: Sequence[str]) -> dict[str, Any]:
        """New keys for these implementations, one after the other: which were rotated, and how long the old ones last.

        Raises PlatformError when a name is unknown (nothing is rotated then), or, after all the others, when one did
        not start with its new key: it goes on with the old one.
        """
        if unknown := [name for name in names if name not in self._deployments.names()]:
            known = ", ".join(self._deployments.names())
            raise PlatformError(f"There is no implementation named {unknown[0][:80]!r}. There are: {known}.")
        async with self._one_at_a_time:
            done = {name: await self._rotate(name) for name in names}
        if failures := [one for one in done.values() if isinstance(one, PlatformError)]:
            raise PlatformError(" ".join(map(str, failures)))
        rotated = [{"name": name, "restarted": restarted} for name, restarted in done.items()]
        return {"rotated": rotated, "grace_seconds": self._rules.key_grace_seconds}

    async def rotate_all(self) -> dict[str, Any]:
        """New keys for every implementation; see `rotate`."""
        return await self.rotate(self._deployments.names())

    async def rotate_caller(self, caller: str) -> dict[str, Any]:
        """New keys for a caller that is no implementation, such as a notebook. Raises PlatformError."""
        if caller in self._deployments.names():
            raise PlatformError(
                f"{caller} is an implementation: its processes need the new key. Rotate it by its name."
            )
        try:
            self._callers.issue(caller)
        except ValueError as error:
            raise PlatformError(str(error)) from error
        self._callers.retire(caller)
        return {"rotated": [{"name": caller, "restarted": False}], "grace_seconds": self._rules.key_grace_seconds}

    async def run(self) -> None:
        """Rotate all keys as often as the contract says, until cancelled."""
        while True:
            await self._clock.sleep(self._rules.key_rotation_seconds)
            try:
                await self.rotate_all()
            except PlatformError as error:
                log.warning("keys not rotated: %s", type(error).__name__)

    async def _rotate(self, name: str) -> bool | PlatformError:
        """Whether `name` was restarted, or why it keeps its old key."""
        try:
            self._callers.issue(name)
        except PlatformError as error:
            return error
        try:
            restarted = await self._deployments.restart(name)
        except (NotReadyError, NotDeployedError) as error:
            self._callers.withdraw(name)
            return PlatformError(f"{name} keeps its old key, because it could not be restarted: {error}")
        except BaseException:
            self._callers.withdraw(name)
            raise
        self._callers.retire(name)
        log.info("keys rotated implementation=%s restarted=%s", name, restarted)
        return restarted
