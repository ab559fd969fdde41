"""Errors as the OpenAI wire format has them, which the official client turns into its exceptions.

This service speaks OpenAI's format, so every error of its own, those of routing and crashes included, is
`{"error": {message, type, param, code}}` and no problem details (RFC 9457). As at OpenAI, a bad field is 400.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from janus_platform.services import ServiceError
from janus_platform.services.framework.problem import Problem

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class ApiError(ServiceError):
    """An error for the caller: HTTP status, what to do, the field at fault and OpenAI's code for it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = headers or {}

    @classmethod
    def of(cls, problem: Problem) -> ApiError:
        """The same error in this service's shape."""
        field = problem.members.get("field")
        status = 400 if problem.status == 422 else problem.status
        return cls(status, problem.detail, param=field, code=problem.slug.replace("-", "_"), headers=problem.headers)

    def as_arguments(self) -> dict[str, Any]:
        """The arguments that make the same error again."""
        fields = {"status": self.status, "message": self.message, "param": self.param, "code": self.code}
        return {**fields, "headers": self.headers}

    def body(self) -> dict[str, Any]:
        """The error as OpenAI's JSON object."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The error as an answer."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        return JSONResponse(self.body(), status_code=self.status, headers=headers | self.headers)

    def event(self) -> bytes:
        """The error as an event of a stream that has begun; no end marker follows it."""
        return f"data: {json.dumps(self.body(), ensure_ascii=False)}\n\n".encode()


def invalid(param: str, message: str, *, code: str = "invalid_value") -> ApiError:
    """400: the field `param` is not right; `message` says what to send."""
    return ApiError(400, message, param=param, code=code)


def error_response(problem: Problem) -> Response:
    """A problem in this service's shape."""
    return ApiError.of(problem).response()
