"""The process of a platform that is a classroom: a `LocalPlatform` shared by learners, with a `Classroom` around it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_platform.classroom.classroom import Classroom
from janus_platform.classroom.concurrency import ConcurrencyLimit
from janus_platform.classroom.learner_control import build_learner_control
from janus_platform.classroom.namespaces import ASKING, full_name, short
from janus_platform.classroom.settings import ClassroomSettings, classroom_folder
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import Directory, Upstream
from janus_platform.node.deployments import Deployments
from janus_platform.runtime.control_api import build_control
from janus_platform.runtime.platform import Close, LocalPlatform, Settings, open_leaderboard
from janus_platform.runtime.server import platform_arguments, run
from janus_platform.runtime.state import Runtime

if TYPE_CHECKING:
    from janus_bench.suites.loader import Suite


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
        """Where the nodes of the implementation of that full name listen. Raises NotDeployed or NotReady."""
        return await self._deployments.upstreams(name)


class ClassroomPlatform(LocalPlatform):
    """A platform that learners share, and its teacher's control API with what is about the classroom."""

    def __init__(self, settings: Settings, files: Runtime, classroom: ClassroomSettings) -> None:
        self.mark = classroom.mark
        self._suite = _load_suite(classroom.suite)
        super().__init__(settings, files, lambda platform: build_control(platform, self._teacher_routes()))
        self.classroom = Classroom(self, classroom, self._suite, build_learner_control)

    async def start(self) -> None:
        """Start the platform, then let learners in. Raises PlatformError."""
        await super().start()
        await self.classroom.start()

    def closing(self) -> list[Close]:
        """What ends, in this order: learners are sent away first."""
        return [self.classroom.close, *super().closing()]

    async def status(self) -> dict[str, Any]:
        """The platform's status with the classroom's, as the teacher sees it."""
        return {**await super().status(), "room": self.classroom.describe()}

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
        return open_leaderboard(classroom_folder() / "leaderboard.sqlite3", self.warn, self._suite.hash)

    def leader(self) -> str | None:
        """The leading implementation of the classroom. Raises BenchError."""
        return self.classroom.leaderboard.leader()

    def _teacher_routes(self) -> list[Route]:
        return [
            Route("/room", self._described),
            Route("/room/reload", self._reloaded, methods=["POST"]),
            Route("/room/board", self._standings),
        ]

    async def _described(self, _: Request) -> Response:
        return JSONResponse(self.classroom.describe())

    async def _reloaded(self, _: Request) -> Response:
        self.classroom.reload()
        return JSONResponse(self.classroom.describe())

    async def _standings(self, _: Request) -> Response:
        return JSONResponse(self.classroom.leaderboard.shown())


def _load_suite(name: str) -> Suite:
    from janus_bench.suites.loader import load_suite

    try:
        return load_suite(name)
    except BenchError as error:
        raise PlatformError(str(error)) from error


def main() -> None:
    """Parse the arguments and serve until the end."""
    parser = platform_arguments("janus_platform.classroom.server")
    parser.add_argument("--room-host", required=True)
    parser.add_argument("--room-port", type=int, default=load_contract().classroom.port)
    parser.add_argument("--learners", type=int, required=True)
    parser.add_argument("--suite", default="quick")
    arguments = parser.parse_args()
    classroom = ClassroomSettings(arguments.room_host, arguments.room_port, arguments.learners, arguments.suite)
    run(arguments, lambda settings, files: ClassroomPlatform(settings, files, classroom))


if __name__ == "__main__":
    main()
