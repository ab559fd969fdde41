"""Runs implementations: one process tree each, walled off where the machine allows it (FR-2, step 3; FR-4).

With namespaces, an implementation sees the system's programs, Python and its own folder, all read-only, a private /tmp,
and a network that consists of one loopback port: the egress proxy. Without them it is an ordinary process that only
*should* use the proxy its variables name; `describe` and the log say which it is. What neither does: stand in for a
TEE. No memory is encrypted here, and the operator of the machine can read everything.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import Contract
from janus_platform.isolation import Isolation, detect
from janus_platform.node.instance import Instance
from janus_platform.node.measuring import measurer
from janus_platform.node.walls import Bare, EgressAccess, Walls, Wrapped

__all__ = ["EgressAccess", "Node", "Spec", "python_command"]

log = logging.getLogger("janus.node")


@dataclass(frozen=True)
class Spec:
    """What to run: `command` inside `folder`, under `name`, which is its caller id too."""

    name: str
    folder: Path
    command: tuple[str, ...]


def python_command(entry: str) -> tuple[str, ...]:
    """The command that runs a Python entry point; `python` stands for the platform's own interpreter."""
    return ("python", "-u", entry)


class Node:
    """Starts implementations. `run_folder` holds their sockets while they run, `log_folder` their output."""

    def __init__(
        self,
        contract: Contract,
        egress: EgressAccess,
        *,
        run_folder: Path,
        log_folder: Path,
        clock: Clock | None = None,
        isolation: Isolation | None = None,
    ) -> None:
        self.contract, self.egress = contract, egress
        self.clock = clock or SystemClock()
        self.isolation = isolation or detect()
        self._run_folder, self._log_folder = run_folder, log_folder
        if not self.walled:
            log.warning("implementations run without isolation: %s", "; ".join(self.isolation.reasons))

    @property
    def walled(self) -> bool:
        """Whether implementations run in namespaces of their own."""
        return self.isolation.layer == "bubblewrap"

    async def start(self, spec: Spec) -> Instance:
        """Run `spec` and return once its health path answers 200.

        Raises NotReady with the last lines of its output when it ends or is not healthy in time; nothing is left then.
        """
        instance = self.prepare(spec)
        try:
            await instance.upstream()
        except BaseException:
            await instance.stop()
            raise
        return instance

    def prepare(self, spec: Spec) -> Instance:
        """An instance of `spec` that starts when it is first asked for its upstream."""
        walls = self._walls(spec)
        log_file = self._log_folder / "implementations" / f"{spec.name}.log"
        health_path = self.contract.implementation.health_path
        measure = measurer(walls.folder, walls.command, walls.layer, self.contract)
        return Instance(spec.name, walls, log_file, health_path=health_path, clock=self.clock, measure=measure)

    def _walls(self, spec: Spec) -> Walls:
        kind = Wrapped if self.walled else Bare
        return kind(
            spec.name,
            spec.folder,
            _resolved(spec.command),
            contract=self.contract,
            egress=self.egress,
            isolation=self.isolation,
            run_folder=self._run_folder,
        )


def _resolved(command: Sequence[str]) -> tuple[str, ...]:
    # A registration outlives the interpreter it was made with, so it is looked up at the start.
    return (sys.executable, *command[1:]) if command[0] == "python" else tuple(command)
