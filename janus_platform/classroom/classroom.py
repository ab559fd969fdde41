"""One classroom around a platform that runs: roster, tunnel server, gateway guard, leaderboard and submissions."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from starlette.types import ASGIApp

from janus_platform.classroom.addresses import bind_tunnel
from janus_platform.classroom.certificate import open_certificate
from janus_platform.classroom.gateway_guard import GatewayGuard, LearnerTraces
from janus_platform.classroom.leaderboard_api import LeaderboardApi
from janus_platform.classroom.namespaces import is_own, short
from janus_platform.classroom.roster import open_roster
from janus_platform.classroom.settings import ClassroomSettings, classroom_folder
from janus_platform.classroom.submissions import Submissions
from janus_platform.classroom.tunnel_server import TunnelServer
from janus_platform.gateway.errors import unreadable
from janus_platform.http.server import HttpServer
from janus_platform.runtime.platform import LocalPlatform

if TYPE_CHECKING:
    from janus_bench.suites.model import Suite

OPEN_FILES = 65_536


class Classroom:
    """The classroom around `platform`. `start`, then `close`; `leaderboard` is there from the beginning.

    `control` makes the app of the learners' control API; `suite` is what the leaderboard ranks.
    """

    def __init__(
        self,
        platform: LocalPlatform,
        settings: ClassroomSettings,
        suite: Suite,
        control: Callable[[Self], ASGIApp],
    ) -> None:
        self.platform, self.settings, self.port = platform, settings, settings.port
        self.rules = platform.contract.classroom
        folder = classroom_folder()
        self._certificate = open_certificate(folder, platform.warn)
        self.traces = LearnerTraces(settings.learners)
        roster = open_roster(folder, settings.learners, warn=platform.warn)
        self.submissions = Submissions(platform.deployments, self.rules, folder / "arriving", platform.clock)
        self.leaderboard = LeaderboardApi(
            platform.leaderboard,
            lambda: self.tunnel.roster,
            platform.deployments.names,
            platform.bundled,
            suite,
            settings.suite,
        )
        self._guard = GatewayGuard(
            platform.gateway_app,
            self.leaderboard,
            self.traces,
            leaderboard_path=self.rules.board_path,
            closed={platform.contract.gateway.metrics_path},
            at_once=self.rules.requests_in_flight,
        )
        self._gateway = HttpServer(self._guard, refused=unreadable)
        self._control = HttpServer(control(self))
        self.tunnel = TunnelServer(
            roster,
            {
                "gateway": lambda learner: self._gateway.protocol({"learner": learner}),
                "control": lambda learner: self._control.protocol({"learner": learner}),
                "egress": lambda _: platform.egress.connection(),
            },
            self._certificate.server_context(),
            connections=self.rules.connections_per_learner,
        )
        self._sleeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen for learners. Raises PlatformError when the address cannot be used."""
        _raise_file_limit()
        sockets = bind_tunnel(self.settings.host, self.settings.port)
        self.port = sockets[0].getsockname()[1]
        await self._gateway.start()
        await self._control.start()
        self.tunnel.listen(sockets)
        self._sleeping = asyncio.create_task(self.submissions.run())

    async def close(self) -> None:
        """End the tunnel server and everything behind it."""
        if self._sleeping is not None:
            self._sleeping.cancel()
        await self.tunnel.close()
        await self._gateway.close()
        await self._control.close()

    def reload(self) -> None:
        """Read the roster again; whose secret or name has changed must come in anew."""
        self.tunnel.replace_roster(open_roster(classroom_folder(), self.settings.learners))

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
            "host": self.settings.host,
            "port": self.port,
            "fingerprint": self._certificate.fingerprint,
            "suite": self.settings.suite,
            "refused": self.tunnel.refused,
            "learners": learners,
        }

    def own_names(self, learner: str) -> list[str]:
        """What a learner calls the implementations that are the learner's."""
        return [short(learner, name) for name in self.platform.deployments.names() if is_own(learner, name)]

    def credentials(self, learner: str) -> dict[str, Any]:
        """What a learner's bridge needs: caller id, the proxy's token, the key, the CA, the board's path."""
        callers = self.platform.callers
        return {
            "caller": learner,
            "name": self.tunnel.roster.name(learner),
            "token": callers.token(learner),
            "key": callers.key(learner),
            "key_variable": self.platform.contract.implementation.key_variable,
            "ca": self.platform.files.ca_file.read_text(encoding="ascii"),
            "board_path": self.rules.board_path,
        }


def _raise_file_limit() -> None:
    """A class holds thousands of connections; many systems let a process have 1,024 until it asks for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
