"""Problem details: how every service says what went wrong and what to do (RFC 9457)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
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
            "type": f"urn:janus:problem:{self.slug}",
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
