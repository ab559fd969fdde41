"""Errors as the OpenAI wire format has them, which the official client turns into its exceptions.

This service speaks OpenAI's format, so its endpoints answer `{"error": {message, type, param, code}}` and not problem
details; only what never reaches an endpoint (an unknown path, a wrong method) is a problem, as with every service.
"""

from __future__ import annotations

from starlette.responses import JSONResponse

from janus_platform.services.problem import Problem


class ApiError(Exception):
    """An error for the caller: HTTP status, what to do, the field at fault and OpenAI's code for it."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    @classmethod
    def of(cls, problem: Problem) -> ApiError:
        """The same error in this service's shape."""
        field = problem.members.get("field")
        return cls(problem.status, problem.detail, param=field, code=problem.slug.replace("-", "_"))

    def response(self) -> JSONResponse:
        """The error as JSON."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        return JSONResponse({"error": error}, status_code=self.status, headers=headers)
