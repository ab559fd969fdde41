"""Problem details: how every service says what went wrong and what to do (RFC 9457)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from janus_platform.contract import ProblemKind, load_contract
from janus_platform.services import ServiceError

MEDIA_TYPE = "application/problem+json"
# The page of the book that has a heading for each kind of problem.
PAGE = "book/problems.md"

# What every service may answer; the kinds that one service alone has stand in the contract.
OF_ANY_REQUEST = (ProblemKind(500, "internal-error", "The service failed. This is a fault of the platform."),)
OF_PARAMETERS = (ProblemKind(422, "invalid-field", "A parameter is missing, of a wrong type or out of bounds."),)
OF_BODIES = (
    ProblemKind(400, "bad-request", "The body is not a JSON object."),
    ProblemKind(413, "too-large", "The body has too many bytes."),
    ProblemKind(415, "unsupported-encoding", "The body is compressed."),
)
OF_LIMITS = (ProblemKind(429, "rate-limited", "The caller sent more requests than its limit allows."),)
OF_ROUTING = (
    ProblemKind(404, "not-found", "There is nothing at this path."),
    ProblemKind(405, "method-not-allowed", "This path does not take this method."),
)


def type_uri(slug: str) -> str:
    """The problem's type: the heading of the book's page that says more about it (RFC 9457, 3.1.1)."""
    return f"{load_contract().repository}/blob/main/{PAGE}#{slug}"


class Problem(ServiceError):
    """An error that a caller should see.

    `status` is the HTTP status, `slug` the stable last part of the problem's type URI, `title` the same for every
    problem of that type, `detail` says what happened here and what to do. Further keywords become extension members.
    """

    def __init__(
        self, status: int, slug: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.slug, self.title, self.detail = status, slug, title, detail
        self.headers = headers or {}
        self.members = members

    def response(self) -> JSONResponse:
        """The problem as an `application/problem+json` response (RFC 9457, section 3)."""
        body = {
            "type": type_uri(self.slug),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return JSONResponse(body, status_code=self.status, headers=self.headers, media_type=MEDIA_TYPE)


def bad_request(detail: str) -> Problem:
    """400: the request could not be read at all."""
    return Problem(400, "bad-request", "The request could not be read", detail)


def invalid_field(field: str, detail: str) -> Problem:
    """422: one field has the wrong type or lies outside its bounds; the problem names it as `field`."""
    return Problem(422, "invalid-field", "A field is not valid", detail, field=field)


def too_large(limit_bytes: int) -> Problem:
    """413: the body is over the service's limit."""
    return Problem(
        413,
        "too-large",
        "The request body is too large",
        f"The body may have at most {limit_bytes:,} bytes. Send less.",
        limit_bytes=limit_bytes,
    )
