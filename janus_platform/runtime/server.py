"""The platform's process: puts gateway, node, egress proxy and services together, and ends when its last user is gone.

`janus up` and `janus.up()` run it. It says on a pipe whether it became healthy, so that nobody waits by the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from starlette.types import ASGIApp

from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_platform.attestation.evidence_service import EvidenceDesk
from janus_platform.attestation.identity import ATTESTATION_FOLDER
from janus_platform.classroom.classroom import Room, RoomDirectory
from janus_platform.classroom.concurrency import Fair
from janus_platform.classroom.leaderboard_file import open_leaderboard
from janus_platform.classroom.namespaces import resolver
from janus_platform.classroom.settings import RoomSettings
from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.corpus.browsing import BundledWeb
from janus_platform.egress.access import EgressAccess
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers, check_caller
from janus_platform.egress.environment import egress_variables
from janus_platform.egress.proxy import EgressProxy
from janus_platform.errors import PlatformError
from janus_platform.gateway.access import Access
from janus_platform.gateway.access_rules import AccessRules
from janus_platform.gateway.app import build_gateway
from janus_platform.gateway.errors import unreadable
from janus_platform.gateway.evidence import evidence_page
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.implementations import BASELINE, bundled
from janus_platform.monitoring.monitor import Monitor
from janus_platform.node.deployments import Deployments
from janus_platform.node.node import Node
from janus_platform.node.probe import status_of
from janus_platform.node.registry import Registry
from janus_platform.processes.child import ProcessId
from janus_platform.runtime import garbage_collection
from janus_platform.runtime.control_api import build_control
from janus_platform.runtime.key_rotation import KeyRotation
from janus_platform.runtime.launcher import LIMITS, WEBS
from janus_platform.runtime.leases import Users
from janus_platform.runtime.log import log_to
from janus_platform.runtime.ready_pipe import report
from janus_platform.runtime.state import Runtime, State, cache_folder, runtime
from janus_platform.runtime.submission_request import submit
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.framework.rate_limit import LimitSwitch
from janus_platform.services.registry import build_services
from janus_platform.traces.export import exporter_from
from janus_platform.traces.tracing import Tracing

log = logging.getLogger("janus.platform")


@dataclass(frozen=True)
class Settings:
    port: int
    limits: str
    detached: bool
    web: str = WEBS[0]
    access: AccessRules = field(default_factory=AccessRules)
    room: RoomSettings | None = None


class LocalPlatform:
    """Everything that runs, put together. `start`, then `run`, then `close`."""

    def __init__(self, settings: Settings, place: Runtime) -> None:
        self.settings, self.runtime = settings, place
        self.contract = load_contract()
        self.clock = SystemClock()
        self.clocks = CallerClocks(self.clock)
        self.tracing = Tracing.recording(exporter_from(os.environ))
        self.users = Users(self.clock, detached=settings.detached)
        self.ending = asyncio.Event()
        self.callers = Callers(now=self.clocks.now, grace_seconds=self.contract.secrets.key_grace_seconds)
        self.warnings: list[str] = []
        self.leaderboard = open_leaderboard(home() / "leaderboard.sqlite3", self.warn)
        self.bundled = bundled()
        # In a room, the bundled implementations answer everybody: one caller's limits would be the whole class's.
        self.limits = LimitSwitch(settings.limits == "contract", free=self.bundled if settings.room else ())
        context = ServiceContext(self.contract, self.clocks, limits=self.limits, clock=self.clock, tracing=self.tracing)
        self.services = build_services(context, self.callers.accepts_key, cache_folder("sandbox"), web=settings.web)
        ca = LocalCA(self.contract.egress.allowed_hosts)
        place.ca_file.write_bytes(ca.pem)
        self.egress = EgressProxy(self._table(), self.contract.egress, self.callers, ca)
        self.deployments = self._build_deployments()
        self.rotation = KeyRotation(self.callers, self.deployments, self.contract, self.clock)
        self.monitor = Monitor(
            self.contract, self.clock, self.deployments.describe, lambda name: self.egress.by_caller.get(name, {})
        )
        self.evidence = EvidenceDesk(
            self.contract, self.deployments.event_logs, home() / ATTESTATION_FOLDER, self.clock
        )
        self.gateway_app = build_gateway(
            self.contract,
            RoomDirectory(self.deployments),
            self._leader,
            tracing=self.tracing,
            clock=self.clock,
            access=Access(settings.access),
            answered=self.monitor.answered,
            evidence=evidence_page(self.evidence, self.deployments),
            limits=self.limits_mode,
            full_name=resolver(self.deployments.names),
            web=BundledWeb(self.contract.gateway.web_path).answer if settings.web == WEBS[0] else None,
        )
        self.gateway = HttpServer(self.gateway_app, refused=unreadable)
        self.room = Room(self, settings.room) if settings.room else None
        self.control = HttpServer(build_control(self))
        self.gateway_port = self.egress_port = 0
        self._started = self.clock.now()

    def limits_mode(self) -> str:
        """One of LIMITS: whether rate limits hold at the moment."""
        return LIMITS[0] if self.limits.on else LIMITS[1]

    def _table(self) -> Mapping[str, ASGIApp]:
        rules, table = self.contract.classroom, self.services.by_host
        if not self.settings.room:
            return table
        return {host: Fair(app, rules.calls_in_flight, rules.calls_together) for host, app in table.items()}

    def _leader(self) -> str | None:
        """Who leads, and so answers for the default model: #1, if it has beaten the baseline on the same board."""
        try:
            return self.room.board.leader() if self.room else self.leaderboard.leader(BASELINE.__eq__)
        except BenchError as error:
            log.warning("no leader: %s", error)
            return None

    def warn(self, sentence: str) -> None:
        """Say it in the log, and to whoever started the platform."""
        self.warnings.append(sentence)
        log.warning("%s", sentence)

    def _build_deployments(self) -> Deployments:
        node = Node(
            self.contract,
            EgressAccess(self.runtime, lambda: self.egress_port, self.variables, self.egress.blocked),
            run_folder=self.runtime.nodes,
            log_folder=self.runtime.log_file.parent,
            clock=self.clock,
        )
        return Deployments(
            node,
            Registry(home() / "implementations.sqlite3", self.warn),
            bundled=self.bundled,
            baseline=BASELINE,
            home=home() / "implementations",
        )

    async def start(self) -> None:
        """Bind, start and check everything. Raises PlatformError; then nothing is left running."""
        doors = self._bind_gateway()
        self.gateway_port = doors[0].getsockname()[1]
        inner = bind_loopback(0)[:1]
        self.egress_port = inner[0].getsockname()[1]
        await self.egress.start(inner, self.runtime.egress_socket)
        # The baseline needs the egress proxy and is the slowest to start; the gateway opens meanwhile.
        baseline = asyncio.create_task(self.deployments.start())
        await self.gateway.start()
        await self.control.start()
        await self.control.listen_unix(self.runtime.control_socket)
        await baseline
        await self.gateway.listen(doors)
        if self.room:
            await self.room.start()
        process, settings = ProcessId.of(os.getpid()), self.settings
        marks = settings.access.mark, settings.room.mark if settings.room else ""
        State(process, self.gateway_port, self.egress_port, settings.limits, settings.web, *marks).write(self.runtime)
        log.info("up gateway=%d egress=%d", self.gateway_port, self.egress_port)

    async def run(self) -> None:
        """Return when the platform should end: it was told to, or its last user is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ending.set)
        unused = asyncio.create_task(self._end_when_unused())
        beside = [asyncio.create_task(task()) for task in (self.monitor.run, self.rotation.run)]
        await self.ending.wait()
        for task in (unused, *beside):
            task.cancel()

    async def _end_when_unused(self) -> None:
        try:
            await self.users.wait_until_gone()
        finally:
            # In the same step: whoever asks for a lease from here on is told that the platform is ending.
            self.ending.set()

    async def close(self) -> None:
        """End every implementation, connection and listener, and clear the runtime folder."""
        self.ending.set()
        room = [self.room.close] if self.room else []
        for part in (*room, self.gateway.close, self.deployments.aclose, self.egress.close, self.control.close):
            try:
                await part()
            except Exception:
                log.exception("closing %s", part)
        await asyncio.to_thread(self.tracing.close)
        self.leaderboard.close()
        self.runtime.clear()
        log.info("down")

    def variables(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        """The variables that send a process's requests through the egress proxy at `host`:`port` as `caller`."""
        return egress_variables(
            proxy_url=f"http://{caller}:{self.callers.token(caller)}@{host}:{port}",
            ca_file=self.runtime.ca_file,
            key_variable=self.contract.implementation.key_variable,
            key=self.callers.key(caller),
        )

    def environment(self, caller: str) -> dict[str, str]:
        """`variables` for a process on this machine. Raises PlatformError for a malformed caller id."""
        try:
            return self.variables(check_caller(caller), host="127.0.0.1", port=self.egress_port)
        except ValueError as error:
            raise PlatformError(str(error)) from error

    async def submit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Try out and deploy an implementation; the control API's `POST /implementations`."""
        return await submit(self.deployments, body)

    async def remove(self, name: str) -> dict[str, Any]:
        """End and forget an implementation."""
        await self.deployments.remove(name)
        return {"removed": name}

    async def implementation_log(self, name: str) -> dict[str, Any]:
        """The latest output of an implementation, and the file in which it is kept."""
        log = self.deployments.log(name)
        return {"log": await asyncio.to_thread(log.tail), "path": str(log.path)}

    async def status(self) -> dict[str, Any]:
        """What runs and how it is, as `status.schema.json` describes it."""
        gateway = ("127.0.0.1", self.gateway_port)
        answers = await status_of(gateway, self.contract.gateway.health_path) == 200
        return {
            "running": True,
            "version": version("janus-bench"),
            "contract_version": self.contract.version,
            "pid": os.getpid(),
            "uptime_seconds": round(self.clock.now() - self._started, 3),
            "limits": self.limits_mode(),
            "web": self.settings.web,
            "detached": self.users.detached,
            "users": self.users.count,
            "gateway": {"url": f"http://{self.contract.gateway.host}:{self.gateway_port}", "healthy": answers},
            "egress": {"address": f"127.0.0.1:{self.egress_port}", **self.egress.describe()},
            "services": await self.services.health(),
            "implementations": self.deployments.describe(),
            "leader": self._leader(),
            "warnings": self.warnings,
            "monitoring": await self.monitor.summary(),
            **({"room": self.room.describe()} if self.room else {}),
        }

    def _bind_gateway(self) -> list[socket.socket]:
        try:
            return bind_loopback(self.settings.port)
        except PermissionError as error:
            raise PlatformError(
                f"Port {self.settings.port} needs more rights. Use one above 1023: `janus up --port 8010`."
            ) from error
        except OSError as error:
            raise PlatformError(
                f"Port {self.settings.port} is in use by another program. End it, or use another port: "
                "`janus up --port 8010`."
            ) from error


async def serve(settings: Settings, place: Runtime, ready_fd: int | None) -> None:
    """Start, report on `ready_fd` that it is ready, run and close; end at once when nobody is there to be told.

    Raises PlatformError when it cannot start.
    """
    platform = LocalPlatform(settings, place)
    try:
        await platform.start()
        garbage_collection.settle()
        idle = asyncio.create_task(garbage_collection.collect_when_idle(platform.gateway.activity))
        if report(ready_fd, {"ready": True}):
            await platform.run()
        else:
            log.warning("whoever started this platform left before it was ready")
        idle.cancel()
    finally:
        await platform.close()


def main() -> None:
    """Parse the arguments and serve until the end."""
    parser = argparse.ArgumentParser(prog="janus_platform.runtime.server")
    parser.add_argument("--port", type=int, default=load_contract().gateway.port)
    parser.add_argument("--limits", choices=LIMITS, default=LIMITS[0])
    parser.add_argument("--web", choices=WEBS, default=WEBS[0])
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--room-host")
    parser.add_argument("--room-port", type=int, default=load_contract().classroom.port)
    parser.add_argument("--learners", type=int, default=0)
    parser.add_argument("--suite", default="quick")
    arguments = parser.parse_args()
    # OpenBLAS waits for its threads before every fork: a sandbox run started while the vector index computes would
    # stand still for ever. With one thread it has none to wait for. To be set before numpy is imported.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    access = AccessRules.handed()
    place = runtime().made()
    log_to(place.log_file)
    room = None
    if arguments.room_host:
        room = RoomSettings(arguments.room_host, arguments.room_port, arguments.learners, arguments.suite)
    settings = Settings(arguments.port, arguments.limits, arguments.detached, arguments.web, access, room)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(serve(settings, place, arguments.ready_fd))
    except PlatformError as error:
        # By now all that was started has ended again.
        report(arguments.ready_fd, {"error": str(error)})
        log.error("%s", error)
        sys.exit(1)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop that the platform runs on: uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


if __name__ == "__main__":
    main()
