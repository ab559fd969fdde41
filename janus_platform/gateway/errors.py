"""The gateway's errors, in the shape that every OpenAI client understands.

`{"error": {"message", "type", "param", "code"}}`; the message always says what to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"


class GatewayError(Exception):
    """An error that the client sees. `param` names the field at fault, `code` is stable and meant for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """OpenAI's error type: whose fault it is."""
        return INVALID_REQUEST if self.status < 500 else SERVER_ERROR

    def body(self) -> bytes:
        """The JSON body of an error response."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return json.dumps({"error": error}).encode()

    def event(self) -> bytes:
        """The same error as one server-sent event, for a stream that has already begun."""
        return b"data: " + self.body() + b"\n\n"


def invalid_json(detail: str) -> GatewayError:
    """400: the body is not JSON at all."""
    example = '{"model": "janus", "messages": [{"role": "user", "content": "…"}]}'
    return GatewayError(400, f"{detail} Send a JSON object such as {example}.", code="invalid_json")


def invalid_field(param: str, detail: str, *, code: str = "invalid_value") -> GatewayError:
    """400: the field `param`, written as a path such as `messages[0].role`, is missing or wrong."""
    return GatewayError(400, detail, code=code, param=param)


def too_large(limit_bytes: int) -> GatewayError:
    """413: the body is over the contract's limit."""
    message = f"The request body is over {limit_bytes:,} bytes. Send fewer or smaller messages."
    # The rest of the body is not read, so the connection cannot carry another request.
    return GatewayError(413, message, code="request_too_large", headers={"connection": "close"})


def unknown_path(path: str, known: Iterable[str]) -> GatewayError:
    """404: nothing is there."""
    return GatewayError(404, f"There is nothing at {path[:200]}. Try {', '.join(known)}.", code="unknown_path")


def wrong_method(method: str, path: str, allowed: str) -> GatewayError:
    """405, with the `Allow` header that RFC 9110, section 15.5.6 asks for."""
    message = f"{method[:20]} is not possible at {path}. Use {allowed}."
    return GatewayError(405, message, code="method_not_allowed", headers={"allow": allowed})


def model_not_found(name: str, param: str, names: Iterable[str]) -> GatewayError:
    """404: no implementation has that name; the message lists those that exist."""
    message = f"There is no implementation named {name[:100]!r}. Deployed: {', '.join(names)}."
    return GatewayError(404, message, code="model_not_found", param=param)


def foreign_origin() -> GatewayError:
    """403: a page of another origin asked, and this gateway is closed to other origins."""
    message = "This gateway does not answer pages of other origins. Call it from a program, or from its own page."
    return GatewayError(403, message, code="origin_not_allowed")


def not_ready(name: str, reason: str) -> GatewayError:
    """503: the implementation exists but cannot answer now."""
    return GatewayError(503, f"{name} is not ready: {reason}", code="implementation_not_ready")


def refused(name: str) -> GatewayError:
    """502: nothing could be reached at the implementation's address."""
    message = f"{name} could not be reached. `janus logs {name}` shows why; send the request again once it runs."
    return GatewayError(502, message, code="upstream_unreachable")


def bad_upstream(name: str, what: str) -> GatewayError:
    """502: the implementation answered, but not as the contract asks."""
    message = f"{name} {what}. This is a fault of the implementation; `janus logs {name}` may say more."
    return GatewayError(502, message, code="upstream_invalid")


def cut_short(name: str, what: str) -> GatewayError:
    """502: the answer broke off; after the first byte this becomes an event instead of a status."""
    message = f"The answer of {name} is incomplete: {what}. Send the request again."
    return GatewayError(502, message, code="upstream_incomplete")


def took_too_long(name: str, seconds: float) -> GatewayError:
    """504: over the contract's time limit."""
    message = f"{name} did not finish within {seconds:g} seconds. Ask for less, or ask another implementation."
    return GatewayError(504, message, code="upstream_timeout")


def unreadable(status: int, message: str) -> tuple[bytes, bytes]:
    """Content type and body of the answer to a request that the server refused before the gateway saw it."""
    return b"application/json", GatewayError(status, message, code="malformed_request").body()
