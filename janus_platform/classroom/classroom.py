"""One room, put together: roster, door, gate, board and submissions around a platform that runs."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_platform.classroom.addresses import bind_door
from janus_platform.classroom.certificate import open_certificate
from janus_platform.classroom.control import build_learner_control
from janus_platform.classroom.gateway_guard import Gate, OwnTraces
from janus_platform.classroom.leaderboard_api import Board
from janus_platform.classroom.leaderboard_file import open_leaderboard
from janus_platform.classroom.namespaces import ASKING, is_own, short
from janus_platform.classroom.roster import open_roster
from janus_platform.classroom.settings import RoomSettings, room_folder
from janus_platform.classroom.submissions import Submissions
from janus_platform.classroom.tunnel_server import Door
from janus_platform.damaged_files import Warn
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import unreadable
from janus_platform.http.server import HttpServer
from janus_platform.node.deployments import Deployments

if TYPE_CHECKING:
    from janus_bench.suites.loader import Suite
    from janus_platform.runtime.server import LocalPlatform


FILES = 65_536


class RoomDirectory:
    """The gateway's directory in a room: learners find their own implementations under the names they gave them."""

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
        """Where the nodes of the implementation of that full name listen. Raises NotDeployed or NotReady."""
        return await self._deployments.upstreams(name)


class Room:
    """The room around `platform`. `start`, then `close`; `board` is there from the beginning."""

    def __init__(self, platform: LocalPlatform, settings: RoomSettings) -> None:
        self._platform, self.settings = platform, settings
        self.rules = platform.contract.classroom
        folder = room_folder()
        self._certificate = open_certificate(folder, platform.warn)
        self.traces = OwnTraces(settings.learners)
        suite, self._leaderboard = _open_leaderboard(folder, settings.suite, platform.warn)
        roster = open_roster(folder, settings.learners, warn=platform.warn)
        self.deployments = platform.deployments
        self.submissions = Submissions(self.deployments, self.rules, folder / "arriving", platform.clock)
        self.board = Board(
            self._leaderboard, lambda: self.door.roster, self.deployments.names, platform.bundled, suite, settings.suite
        )
        gateway = platform.contract.gateway
        self.gate = Gate(
            platform.gateway_app,
            self.board,
            self.traces,
            board_path=self.rules.board_path,
            closed={gateway.metrics_path},
            at_once=self.rules.requests_in_flight,
        )
        self._gateway = HttpServer(self.gate, refused=unreadable)
        control: ASGIApp = build_learner_control(self)
        self._control = HttpServer(control)
        self.door = Door(
            roster,
            {
                "gateway": lambda learner: self._gateway.protocol({"learner": learner}),
                "control": lambda learner: self._control.protocol({"learner": learner}),
                "egress": lambda _: platform.egress.connection(),
            },
            self._certificate.server_context(),
            connections=self.rules.connections_per_learner,
        )
        self.port = settings.port
        self.clocks, self.ending = platform.clocks, platform.ending
        self.tracing, self.store = platform.tracing, platform.tracing.store
        self.monitor, self.rotation = platform.monitor, platform.rotation
        self.status = platform.status
        self._sleeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the door. Raises PlatformError when the address cannot be used."""
        _raise_file_limit()
        sockets = bind_door(self.settings.host, self.settings.port)
        self.port = sockets[0].getsockname()[1]
        await self._gateway.start()
        await self._control.start()
        self.door.listen(sockets)
        self._sleeping = asyncio.create_task(self.submissions.run())

    async def close(self) -> None:
        """Close the door and everything behind it."""
        if self._sleeping is not None:
            self._sleeping.cancel()
        await self.door.close()
        await self._gateway.close()
        await self._control.close()
        self._leaderboard.close()

    def reload(self) -> None:
        """Read the roster again; whose secret or name has changed must come in anew."""
        self.door.replace_roster(open_roster(room_folder(), self.settings.learners))

    def describe(self) -> dict[str, Any]:
        """The room as the teacher sees it: where it is, and each learner without the secret."""
        learners = []
        for learner in self.door.roster.learners.values():
            present = self.door.present.get(learner.id)
            learners.append(
                {
                    "id": learner.id,
                    "name": learner.name,
                    "connections": len(present.open()) if present else 0,
                    "last_seen": present.last_seen if present else None,
                    "requests": self.gate.requests[learner.id],
                    "implementations": self.own_names(learner.id),
                }
            )
        return {
            "host": self.settings.host,
            "port": self.port,
            "fingerprint": self._certificate.fingerprint,
            "suite": self.settings.suite,
            "refused": self.door.refused,
            "learners": learners,
        }

    def own_names(self, learner: str) -> list[str]:
        """What a learner calls the implementations that are the learner's."""
        return [short(learner, name) for name in self.deployments.names() if is_own(learner, name)]

    def credentials(self, learner: str) -> dict[str, Any]:
        """What a learner's bridge needs: caller id, the proxy's token, the key, the CA, the board's path."""
        callers = self._platform.callers
        return {
            "caller": learner,
            "name": self.door.roster.name(learner),
            "token": callers.token(learner),
            "key": callers.key(learner),
            "key_variable": self._platform.contract.implementation.key_variable,
            "ca": self._platform.runtime.ca_file.read_text(encoding="ascii"),
            "board_path": self.rules.board_path,
        }

    def without_limits(self, learner: str) -> AbstractContextManager[None]:
        """A context in which this learner's rate limits are off, the learner's implementations included."""
        return self._platform.limits.suspended_for(learner)

    def blocked(self, learner: str) -> list[dict[str, Any]]:
        """The learner's own attempts to reach a host outside the allow-list."""
        return self._platform.egress.blocked(learner)


def _raise_file_limit() -> None:
    """A class holds thousands of connections; many systems let a process have 1,024 until it asks for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(most, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _open_leaderboard(folder: Path, name: str, warn: Warn) -> tuple[Suite, Leaderboard]:
    try:
        # Not at the top: the evaluators behind it cost a platform that is no room 50 ms of its start.
        from janus_bench.suites.loader import load_suite

        suite = load_suite(name)
        return suite, open_leaderboard(folder / "leaderboard.sqlite3", warn, suite.hash)
    except BenchError as error:
        raise PlatformError(str(error)) from error
