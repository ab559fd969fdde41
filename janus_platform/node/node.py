"""Runs implementations: one process tree each, isolated where the machine allows it (FR-2, step 3; FR-4).

With namespaces, an implementation sees the system's programs, Python and its own folder, all read-only, a private /tmp,
and a network that consists of one loopback port: the egress proxy. Without them it is an ordinary process that only
*should* use the proxy its variables name; `describe` and the log say which it is. What neither does: stand in for a
TEE. No memory is encrypted here, and the operator of the machine can read everything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import Contract
from janus_platform.gateway.remote_url import RemoteUrl
from janus_platform.isolation.layers import Isolation, detect
from janus_platform.isolation.memory import MemoryGuard, guard_maker
from janus_platform.node.instance import Instance
from janus_platform.node.limits import Limits
from janus_platform.node.measurements import measurer
from janus_platform.node.remote import RemoteInstance
from janus_platform.node.sandbox import BubblewrapSandbox, EgressAccess, PlainProcess, Sandbox
from janus_platform.node.submission.janus_toml import python_command

__all__ = ["EgressAccess", "Node", "Spec", "python_command"]

log = logging.getLogger("janus.node")


@dataclass(frozen=True)
class Spec:
    """What to run: `command` inside `folder`, under `name`, which is its caller id too.

    `packages` is a folder with packages of its own, which Python finds before the platform's.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    packages: Path | None = None


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
        limits: Limits | None = None,
    ) -> None:
        self.contract, self.egress = contract, egress
        self.clock = clock or SystemClock()
        self.isolation = isolation or detect()
        self._run_folder, self._log_folder = run_folder, log_folder
        self.limits = limits or Limits.here(contract)
        if not self.sandboxed:
            log.warning("implementations run without isolation: %s", "; ".join(self.isolation.reasons))
        if self.limits.less:
            log.info("implementations have less than the contract's limits: %s", "; ".join(self.limits.less))

    @property
    def sandboxed(self) -> bool:
        """Whether implementations run in namespaces of their own."""
        return self.isolation.layer == "bubblewrap"

    async def start(self, spec: Spec) -> Instance:
        """Run `spec` and return once its health path answers 200.

        Raises NotReadyError with the last lines of its output when it ends or is not healthy in time; then nothing is
        left.
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
        sandbox = self._sandbox(spec)
        measure = measurer(sandbox, self._measured_limits(), self.contract)
        log_file = self.log_file(spec.name)
        return Instance(spec.name, sandbox, log_file, contract=self.contract, clock=self.clock, measure=measure)

    def remote(self, name: str, url: RemoteUrl) -> RemoteInstance:
        """The implementation that runs at `url` already."""
        return RemoteInstance(name, url, self.log_file(name), contract=self.contract, clock=self.clock)

    def log_file(self, name: str) -> Path:
        """Where the output of implementation `name` is kept."""
        return self._log_folder / "implementations" / f"{name}.log"

    def _measured_limits(self) -> dict[str, int]:
        limits = self.limits
        return {
            "memory_bytes": limits.memory_bytes,
            "cores": limits.cores,
            "disk_bytes": limits.disk_bytes,
            "processes": limits.processes,
            "request_timeout_seconds": self.contract.implementation.request_timeout_seconds,
        }

    @cached_property
    def _guards(self) -> Callable[[], MemoryGuard]:
        # Found out at the first start: trying whether a cgroup can be made takes some milliseconds.
        return guard_maker(self.limits.memory_bytes)

    def _sandbox(self, spec: Spec) -> Sandbox:
        kind = BubblewrapSandbox if self.sandboxed else PlainProcess
        return kind(
            spec.name,
            spec.folder,
            spec.command,
            contract=self.contract,
            egress=self.egress,
            isolation=self.isolation,
            limits=self.limits,
            guards=lambda: self._guards(),
            run_folder=self._run_folder,
            packages=spec.packages,
        )
