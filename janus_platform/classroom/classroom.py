"""A classroom: the platform that learners share, each with a view of their own, and the tunnel server before it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Self

from starlette.types import ASGIApp

from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_platform.classroom.addresses import bind_tunnel
from janus_platform.classroom.certificate import open_certificate
from janus_platform.classroom.concurrency import ConcurrencyLimit
from janus_platform.classroom.gateway_guard import GatewayGuard, LearnerTraces
from janus_platform.classroom.leaderboard_api import LeaderboardApi
from janus_platform.classroom.namespaces import ASKING, full_name, is_own, short
from janus_platform.classroom.roster import open_roster
from janus_platform.classroom.settings import ClassroomSettings, classroom_folder
from janus_platform.classroom.submissions import Submissions
from janus_platform.classroom.tunnel_server import TunnelServer
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import Directory, Upstream
from janus_platform.gateway.errors import unreadable
from janus_platform.http.server import HttpServer
from janus_platform.node.deployments import Deployments
from janus_platform.runtime.platform import Close, LocalPlatform, Settings, open_leaderboard
from janus_platform.runtime.state import Runtime

if TYPE_CHECKING:
    from janus_bench.suites.model import Suite

OPEN_FILES = 65_536


class ClassroomDirectory:
    """The gateway's directory in a classroom: learners find their implementations under the names they gave them."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self.baseline = deployments.baseline

    def names(self) -> list[str]:
        """The full names of all implementations."""
        return self._deployments.names()

    def describe(self) -> list[dict[str, Any]]:
        """One entry an implementation; the asking learner's own under their short names."""
        learner = ASKING.get()
        described = self._deployments.describe()
        if learner is None:
            return described
        return [one | {"name": short(learner, one["name"])} for one in described]

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        """Where the nodes of the implementation of that full name listen. Raises NotDeployedError or NotReadyError."""
        return await self._deployments.upstreams(name)


class ClassroomPlatform(LocalPlatform):
    """A platform that learners share. `start`, then `run`, then `close`.

    `control` makes the app of the teacher's control API, `learner_control` that of the learners'.
    """

    def __init__(
        self,
        settings: Settings,
        files: Runtime,
        classroom: ClassroomSettings,
        control: Callable[[Self], ASGIApp],
        learner_control: Callable[[Self], ASGIApp],
    ) -> None:
        self.classroom, self.mark, self._folder = classroom, classroom.mark, classroom_folder()
        self._suite = _load_suite(classroom.suite)
        super().__init__(settings, files, control)
        self.rules, self.classroom_port = self.contract.classroom, classroom.port
        self._certificate = open_certificate(self._folder, self.warn)
        self.traces = LearnerTraces(classroom.learners)
        roster = open_roster(self._folder, classroom.learners, warn=self.warn)
        self.submissions = Submissions(self.deployments, self.rules, self._folder / "arriving", self.clock)
        self.leaderboard_api = LeaderboardApi(
            self.leaderboard,
            lambda: self.tunnel.roster,
            self.deployments.names,
            self.bundled,
            self._suite,
            classroom.suite,
        )
        self._guard = GatewayGuard(
            self.gateway_app,
            self.leaderboard_api,
            self.traces,
            leaderboard_path=self.rules.board_path,
            closed={self.contract.gateway.metrics_path},
            at_once=self.rules.requests_in_flight,
        )
        self._learner_gateway = HttpServer(self._guard, refused=unreadable)
        self._learner_control = HttpServer(learner_control(self))
        self.tunnel = TunnelServer(
            roster,
            {
                "gateway": lambda learner: self._learner_gateway.protocol({"learner": learner}),
                "control": lambda learner: self._learner_control.protocol({"learner": learner}),
                "egress": lambda _: self.egress.connection(),
            },
            self._certificate.server_context(),
            connections=self.rules.connections_per_learner,
        )
        self._sleeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the platform, then listen for learners. Raises PlatformError when an address cannot be used."""
        await super().start()
        _raise_file_limit()
        sockets = bind_tunnel(self.classroom.host, self.classroom.port)
        self.classroom_port = sockets[0].getsockname()[1]
        await self._learner_gateway.start()
        await self._learner_control.start()
        self.tunnel.listen(sockets)
        self._sleeping = asyncio.create_task(self.submissions.run())

    def closing(self) -> list[Close]:
        """What ends, in this order: the learners' side first."""
        learners_side = [self.tunnel.close, self._learner_gateway.close, self._learner_control.close]
        return [*learners_side, *super().closing()]

    async def close(self) -> None:
        """End the learners' side, then the platform."""
        if self._sleeping is not None:
            self._sleeping.cancel()
        await super().close()

    async def status(self) -> dict[str, Any]:
        """The platform's status with the classroom's, as the teacher sees it."""
        return {**await super().status(), "room": self.describe()}

    def reload(self) -> None:
        """Read the roster again; whose secret or name has changed must come in anew."""
        self.tunnel.replace_roster(open_roster(classroom_folder(), self.classroom.learners))

    def describe(self) -> dict[str, Any]:
        """The classroom as the teacher sees it: where it is, and each learner without the secret."""
        learners = []
        for learner in self.tunnel.roster.learners.values():
            present = self.tunnel.present.get(learner.id)
            learners.append(
                {
                    "id": learner.id,
                    "name": learner.name,
                    "connections": len(present.open()) if present else 0,
                    "last_seen": present.last_seen if present else None,
                    "requests": self._guard.requests[learner.id],
                    "implementations": self.own_names(learner.id),
                }
            )
        return {
            "host": self.classroom.host,
            "port": self.classroom_port,
            "fingerprint": self._certificate.fingerprint,
            "suite": self.classroom.suite,
            "refused": self.tunnel.refused,
            "learners": learners,
        }

    def own_names(self, learner: str) -> list[str]:
        """What a learner calls the implementations that are the learner's."""
        return [short(learner, name) for name in self.deployments.names() if is_own(learner, name)]

    def credentials(self, learner: str) -> dict[str, Any]:
        """What a learner's bridge needs: caller id, the proxy's token, the key, the CA, the board's path."""
        return {
            "caller": learner,
            "name": self.tunnel.roster.name(learner),
            "token": self.callers.token(learner),
            "key": self.callers.key(learner),
            "key_variable": self.contract.implementation.key_variable,
            "ca": self.files.ca_file.read_text(encoding="ascii"),
            "board_path": self.rules.board_path,
        }

    def unlimited(self) -> Collection[str]:
        """The bundled implementations, which answer everybody: one caller's limits would be the whole class's."""
        return self.bundled

    def shared_service(self, app: ASGIApp) -> ASGIApp:
        """A service of which no learner takes more than a share."""
        rules = self.contract.classroom
        return ConcurrencyLimit(app, rules.calls_in_flight, rules.calls_together)

    def directory(self) -> Directory:
        """The implementations, a learner's own under the names that the learner gave them."""
        return ClassroomDirectory(self.deployments)

    def full_name(self, name: str) -> str:
        """The full name of what the asking learner calls `name`."""
        return full_name(name, self.deployments.names())

    def open_leaderboard(self) -> Leaderboard:
        """The classroom's own leaderboard. Raises PlatformError."""
        return open_leaderboard(self._folder / "leaderboard.sqlite3", self.warn, self._suite.hash)

    def leader(self) -> str | None:
        """The leading implementation of the classroom. Raises BenchError."""
        return self.leaderboard_api.leader()


def _load_suite(name: str) -> Suite:
    from janus_bench.suites.loader import load_suite

    try:
        return load_suite(name)
    except BenchError as error:
        raise PlatformError(str(error)) from error


def _raise_file_limit() -> None:
    """A class holds thousands of connections; many systems let a process have 1,024 until it asks for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
