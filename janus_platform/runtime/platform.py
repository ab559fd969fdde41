"""The local platform: gateway, node, egress proxy and services, put together in one process.

`server` runs one for a single user; a platform that is shared answers the questions at the end of the class otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from starlette.types import ASGIApp

from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.leaderboard.database import POSTGRES
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.remote import BOARD_VARIABLE
from janus_platform.attestation.evidence_service import EvidenceService
from janus_platform.attestation.identity import ATTESTATION_FOLDER
from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.corpus.browsing import BundledWeb
from janus_platform.drawing import states_of
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers, check_caller
from janus_platform.egress.environment import EgressAccess, egress_variables
from janus_platform.egress.proxy import EgressProxy
from janus_platform.errors import PlatformError
from janus_platform.gateway.access import Access, AccessRules
from janus_platform.gateway.app import GatewayApp, GatewaySettings
from janus_platform.gateway.directory import Directory
from janus_platform.gateway.errors import unreadable
from janus_platform.gateway.evidence import evidence_page
from janus_platform.gateway.upstream_pool import status_of
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.implementations import BASELINE, bundled
from janus_platform.monitoring.monitor import Monitor
from janus_platform.node.deployments import Deployments
from janus_platform.node.node import Node
from janus_platform.node.registry import Registry
from janus_platform.processes.child import ProcessId
from janus_platform.runtime.background import bind_gateway
from janus_platform.runtime.key_rotation import KeyRotation
from janus_platform.runtime.launcher import LIMITS, WEBS
from janus_platform.runtime.leases import Leases
from janus_platform.runtime.state import Runtime, State, cache_folder
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.framework.rate_limit import LimitSwitch
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.start import model_engine
from janus_platform.services.registry import build_services
from janus_platform.stored_files import Warn, is_damaged, set_aside
from janus_platform.traces.export import exporter_from
from janus_platform.traces.tracing import Tracing

log = logging.getLogger("janus.platform")
Close = Callable[[], Awaitable[None]]
STATES_SECONDS = 2.0


@dataclass(frozen=True)
class Settings:
    """What the command line decides: see `launcher.Options`."""

    port: int
    limits: str
    detached: bool
    web: str = WEBS[0]
    access: AccessRules = field(default_factory=AccessRules)
    model: str = ""


class LocalPlatform:
    """Everything that runs, put together. `start`, then `run`, then `close`; `files` are its folder and log.

    `control` makes the control API's app. `mark` tells platforms apart that are shared: see `launcher.Program`.
    """

    mark = ""

    def __init__(self, settings: Settings, files: Runtime, control: Callable[[Self], ASGIApp]) -> None:
        self.settings, self.files = settings, files
        self.contract = load_contract()
        self.clock = SystemClock()
        self.clocks = CallerClocks(self.clock)
        self.tracing = Tracing.recording(exporter_from(os.environ))
        self.leases = Leases(self.clock, detached=settings.detached)
        self.ending = asyncio.Event()
        self.warnings: list[str] = []
        self.bundled = bundled()
        self.callers = Callers(now=self.clocks.now, grace_seconds=self.contract.secrets.key_grace_seconds)
        self.limits = LimitSwitch(settings.limits == LIMITS[0], free=self.unlimited())
        context = ServiceContext(self.contract, self.clocks, limits=self.limits, clock=self.clock, tracing=self.tracing)
        self.services = build_services(
            context, self.callers.accepts_key, cache_folder("sandbox"), web=settings.web, model=self._model()
        )
        self.egress = self._build_egress()
        self.deployments = self._build_deployments()
        self.rotation = KeyRotation(self.callers, self.deployments, self.contract, self.clock)
        self.monitor = Monitor(
            self.contract, self.clock, self.deployments.describe, lambda name: self.egress.by_caller.get(name, {})
        )
        self.evidence = EvidenceService(
            self.contract, self.deployments.event_logs, home() / ATTESTATION_FOLDER, self.clock
        )
        self.leaderboard = self.open_leaderboard()
        self.gateway_app = self._build_gateway()
        self.gateway = HttpServer(self.gateway_app, refused=unreadable)
        self.control = HttpServer(control(self))
        self.gateway_port = self.egress_port = 0
        self._started = self.clock.now()
        self._states: dict[str, bool] = {}
        self._states_at, self._asking_states = -math.inf, asyncio.Lock()

    def _model(self) -> LlamaEngine | None:
        """The engine for the model that was asked for. Raises PlatformError where that cannot be."""
        if not self.settings.model:
            return None
        return model_engine(self.settings.model, self.contract, self.files.model_socket, clock=self.clock)

    def _build_egress(self) -> EgressProxy:
        ca = LocalCA(self.contract.egress.allowed_hosts)
        self.files.ca_file.write_bytes(ca.pem)
        apps = {host: self.shared_service(app) for host, app in self.services.by_host.items()}
        return EgressProxy(apps, self.contract.egress, self.callers, ca)

    def _build_deployments(self) -> Deployments:
        node = Node(
            self.contract,
            EgressAccess(self.files, lambda: self.egress_port, self.variables, self.egress.blocked),
            run_folder=self.files.nodes,
            log_folder=self.files.log_file.parent,
            clock=self.clock,
        )
        return Deployments(
            node,
            Registry(home() / "implementations.sqlite3", self.warn),
            bundled=self.bundled,
            baseline=BASELINE,
            home=home() / "implementations",
        )

    def _build_gateway(self) -> GatewayApp:
        return GatewayApp(
            GatewaySettings(
                self.contract,
                self.directory(),
                self._leader,
                tracing=self.tracing,
                clock=self.clock,
                access=Access(self.settings.access),
                on_finished=self.monitor.add,
                evidence=evidence_page(self.evidence, self.deployments),
                rate_limits=self.limits_mode,
                full_name=self.full_name,
                states=self.states,
                web=BundledWeb(self.contract.gateway.web_path).answer if self.settings.web == WEBS[0] else None,
            )
        )

    async def start(self) -> None:
        """Bind, start and check everything. Raises PlatformError; then nothing is left running."""
        gateway_sockets = bind_gateway(self.settings.port, "janus up")
        self.gateway_port = gateway_sockets[0].getsockname()[1]
        egress_sockets = bind_loopback(0)[:1]
        self.egress_port = egress_sockets[0].getsockname()[1]
        await self.egress.start(egress_sockets, self.files.egress_socket)
        # The baseline needs the egress proxy and is the slowest to start; the gateway opens meanwhile.
        baseline = asyncio.create_task(self.deployments.start())
        await self.gateway.start()
        await self.control.start()
        await self.control.listen_unix(self.files.control_socket)
        await baseline
        await self.gateway.listen(gateway_sockets)

    def write_state(self) -> None:
        """Write down, for those who join, that the platform runs and how."""
        settings = self.settings
        State(
            ProcessId.of(os.getpid()),
            self.gateway_port,
            self.egress_port,
            settings.limits,
            settings.web,
            settings.access.mark,
            self.mark,
            settings.model,
        ).write(self.files)
        log.info("up gateway=%d egress=%d", self.gateway_port, self.egress_port)

    async def run(self) -> None:
        """Return when the platform should end: it was told to, or its last user is gone."""
        tasks = [asyncio.create_task(run()) for run in (self.monitor.run, self.rotation.run)]
        await self.leases.run_until_unused(self.ending)
        for task in tasks:
            task.cancel()

    async def close(self) -> None:
        """End every implementation, connection and listener, and clear the runtime folder."""
        self.ending.set()
        for close in self.closing():
            try:
                await close()
            except Exception:
                log.exception("closing %s", close)
        await asyncio.to_thread(self.tracing.close)
        self.leaderboard.close()
        self.files.clear()
        log.info("down")

    def closing(self) -> list[Close]:
        """What ends, in this order."""
        return [self.gateway.close, self.deployments.aclose, self.egress.close, self.control.close]

    def variables(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        """The variables that send a process's requests through the egress proxy at `host`:`port` as `caller`."""
        return egress_variables(
            proxy_url=f"http://{caller}:{self.callers.token(caller)}@{host}:{port}",
            ca_file=self.files.ca_file,
            key_variable=self.contract.implementation.key_variable,
            key=self.callers.key(caller),
        )

    def environment(self, caller: str) -> dict[str, str]:
        """`variables` for a process on this machine. Raises PlatformError for a malformed caller id."""
        try:
            return self.variables(check_caller(caller), host="127.0.0.1", port=self.egress_port)
        except ValueError as error:
            raise PlatformError(str(error)) from error

    async def status(self) -> dict[str, Any]:
        """What runs and how it is, as `status.schema.json` describes it."""
        gateway = ("127.0.0.1", self.gateway_port)
        is_healthy = await status_of(gateway, self.contract.gateway.health_path) == 200
        return {
            "running": True,
            "version": version("janus-bench"),
            "contract_version": self.contract.version,
            "pid": os.getpid(),
            "uptime_seconds": round(self.clock.now() - self._started, 3),
            "limits": self.limits_mode(),
            "web": self.settings.web,
            "detached": self.leases.detached,
            "users": self.leases.count,
            "gateway": {"url": f"http://{self.contract.gateway.host}:{self.gateway_port}", "healthy": is_healthy},
            "egress": {"address": f"127.0.0.1:{self.egress_port}", **self.egress.describe()},
            "services": await self.services.health(),
            "implementations": self.deployments.describe(),
            "leader": self._leader(),
            "warnings": self.warnings,
            "monitoring": await self.monitor.summary(),
        }

    async def states(self) -> dict[str, bool]:
        """Which parts answer, for the drawing in Janus Chat; everybody may ask, so the parts are asked now and then."""
        async with self._asking_states:
            if self.clock.now() - self._states_at > STATES_SECONDS:
                self._states, self._states_at = states_of(await self.status()), self.clock.now()
            return self._states

    def limits_mode(self) -> str:
        """One of LIMITS: whether rate limits hold at the moment."""
        return LIMITS[0] if self.limits.on else LIMITS[1]

    def warn(self, sentence: str) -> None:
        """Put it into the log, and tell whoever started the platform."""
        self.warnings.append(sentence)
        log.warning("%s", sentence)

    def _leader(self) -> str | None:
        """Who leads, and so answers for the default model: #1, if it has beaten the baseline on the same board."""
        try:
            return self.leader()
        except BenchError as error:
            log.warning("no leader: %s", error)
            return None

    # The answers for a single user. They are asked while the platform is put together, `leader` with every request.

    def unlimited(self) -> Collection[str]:
        """The callers for whom no rate limit holds."""
        return ()

    def shared_service(self, app: ASGIApp) -> ASGIApp:
        """A service as callers reach it."""
        return app

    def directory(self) -> Directory:
        """The implementations as the gateway's clients see them."""
        return self.deployments

    def full_name(self, name: str) -> str:
        """The name in the directory of what a client calls `name`."""
        return name

    def open_leaderboard(self) -> Leaderboard:
        """The leaderboard that `leader` reads: a server's where the environment names one. Raises PlatformError."""
        address = os.environ.get(BOARD_VARIABLE, "")
        if address.startswith(POSTGRES):
            try:
                return Leaderboard(address)
            except BenchError as error:
                raise PlatformError(str(error)) from error
        return open_leaderboard(home() / "leaderboard.sqlite3", self.warn)

    def leader(self) -> str | None:
        """The leading implementation. Raises BenchError."""
        return self.leaderboard.leader(BASELINE.__eq__)


def open_leaderboard(path: Path, warn: Warn, suite_hash: str | None = None) -> Leaderboard:
    """The leaderboard in the file at `path`, begun anew where that is damaged. Raises PlatformError."""
    for last in (False, True):
        board = None
        try:
            board = Leaderboard(path, suite_hash=suite_hash)
            board.leader()
            return board
        except BenchError as error:
            if board is not None:
                board.close()
            if last or not is_damaged(path):
                raise PlatformError(str(error)) from error
            set_aside(path, "the leaderboard starts empty", warn)
    raise AssertionError("it was opened or refused")
