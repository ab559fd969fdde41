"""Reads what a learner sends: bounded while it arrives, and an object of JSON, or refused."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request


class BadBody(ValueError):
    """A body that is too large, compressed or no JSON object; `status` is the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_object(request: Request, max_bytes: int) -> dict[str, Any]:
    """The JSON object in the request's body. Raises BadBody; no more than `max_bytes` are ever held."""
    if request.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise BadBody(415, "The body is compressed. Send it plain, without Content-Encoding.")
    received = bytearray()
    try:
        async for part in request.stream():
            received += part
            if len(received) > max_bytes:
                raise BadBody(413, f"This takes at most {max_bytes:,} bytes.")
    except ClientDisconnect:
        raise BadBody(400, "The request ended early.") from None
    try:
        body = json.loads(received)
        # What cannot be written as UTF-8 (a lone surrogate) could not be answered, logged or stored either.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadBody(400, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadBody(400, "The body is not a JSON object.")
    return body
