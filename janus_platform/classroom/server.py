"""The process of a classroom's platform, and the control API of its teacher."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.classroom.classroom import ClassroomPlatform
from janus_platform.classroom.learner_control import build_learner_control
from janus_platform.classroom.settings import ClassroomSettings
from janus_platform.contract import load_contract
from janus_platform.runtime.control_api import build_control
from janus_platform.runtime.server import platform_arguments, run


def teacher_control(platform: ClassroomPlatform) -> ASGIApp:
    """The platform's control API with the classroom's routes."""

    async def describe(_: Request) -> Response:
        return JSONResponse(platform.describe())

    async def reload(_: Request) -> Response:
        platform.reload()
        return JSONResponse(platform.describe())

    async def standings(_: Request) -> Response:
        return JSONResponse(platform.leaderboard_api.shown())

    routes = [
        Route("/room", describe),
        Route("/room/reload", reload, methods=["POST"]),
        Route("/room/board", standings),
    ]
    return build_control(platform, routes)


def main() -> None:
    """Parse the arguments and serve until the end."""
    parser = platform_arguments("janus_platform.classroom.server")
    parser.add_argument("--room-host", required=True)
    parser.add_argument("--room-port", type=int, default=load_contract().classroom.port)
    parser.add_argument("--learners", type=int, required=True)
    parser.add_argument("--suite", default="quick")
    arguments = parser.parse_args()
    classroom = ClassroomSettings(arguments.room_host, arguments.room_port, arguments.learners, arguments.suite)
    run(
        arguments,
        lambda settings, files: ClassroomPlatform(settings, files, classroom, teacher_control, build_learner_control),
    )


if __name__ == "__main__":
    main()
