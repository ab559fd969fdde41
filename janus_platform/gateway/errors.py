"""The gateway's errors. Those that a client sees have the shape that every OpenAI client understands.

`{"error": {"message", "type", "param", "code"}}`; the message always says what to do.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from janus_platform.errors import PlatformError

INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"
MAX_LISTED = 20


class GatewayError(PlatformError):
    """The base of everything that the gateway raises."""


class NotDeployedError(GatewayError):
    """No implementation of that name is known."""


class NotReadyError(GatewayError):
    """The implementation is known but cannot answer now; the message is the reason, fit for a client.

    `retry_after` says in how many seconds it may be able to, where that is known.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class AddressRefusedError(GatewayError, OSError):
    """A name resolves to an address that may not be connected to, or to none."""


class ClientDisconnectedError(GatewayError):
    """The client closed its connection; nobody is left to answer."""


class UpstreamError(GatewayError):
    """An implementation's connection did not bring a whole HTTP answer."""


class NoResponseError(UpstreamError):
    """The connection could not be made, or ended before the answer's head."""


class ResponseCutOffError(UpstreamError):
    """The connection ended in the middle of an answer."""


class NotHttpError(UpstreamError):
    """What came is not an HTTP/1.1 answer."""


class ResponseError(GatewayError):
    """An error that the client sees. `param` names the field at fault, `code` is stable and meant for programs.

    `sent` is the whole body of an implementation's error, which takes the place of all that.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers, self._sent = dict(headers or {}), sent
        # An implementation may put anything into its code, content as well.
        self.traced_code = code

    @property
    def type(self) -> str:
        """OpenAI's error type: whose fault it is."""
        return INVALID_REQUEST if self.status < 500 else SERVER_ERROR

    def body(self) -> bytes:
        """The JSON body of an error response."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return json.dumps({"error": error, **(self._sent or {})}).encode()

    def event(self) -> bytes:
        """The same error as one server-sent event, for a stream that has already begun."""
        return b"data: " + self.body() + b"\n\n"


class BackendError(ResponseError):
    """The backend did not answer as a sound one does; another backend of the same implementation may."""


def invalid_json(detail: str) -> ResponseError:
    """400: the body is not JSON at all."""
    example = '{"model": "janus", "messages": [{"role": "user", "content": "…"}]}'
    return ResponseError(400, f"{detail} Send a JSON object such as {example}.", code="invalid_json")


def invalid_field(param: str, detail: str, *, code: str = "invalid_value") -> ResponseError:
    """400: the field `param`, written as a path such as `messages[0].role`, is missing or wrong."""
    return ResponseError(400, detail, code=code, param=param)


def too_large(limit_bytes: int) -> ResponseError:
    """413: the body is over the contract's limit."""
    message = f"The request body is over {limit_bytes:,} bytes. Send fewer or smaller messages."
    # The rest of the body is not read, so the connection cannot carry another request.
    return ResponseError(413, message, code="request_too_large", headers={"connection": "close"})


def unsupported_encoding() -> ResponseError:
    """415: the body is compressed; `Accept-Encoding` says what is accepted (RFC 9110, section 12.5.3)."""
    message = "The request body is compressed. Send it plain, without Content-Encoding."
    return ResponseError(415, message, code="unsupported_encoding", headers={"accept-encoding": "identity"})


def unknown_path(path: str, known: Iterable[str]) -> ResponseError:
    """404: there is nothing at this path."""
    return ResponseError(404, f"There is nothing at {path[:200]}. Try {', '.join(known)}.", code="unknown_path")


def wrong_method(method: str, path: str, allowed: str) -> ResponseError:
    """405, with the `Allow` header that RFC 9110, section 15.5.6 asks for."""
    message = f"{method[:20]} is not possible at {path}. Use {allowed}."
    return ResponseError(405, message, code="method_not_allowed", headers={"allow": allowed})


def model_not_found(name: str, param: str, names: Sequence[str]) -> ResponseError:
    """404: no implementation has that name; the message names close matches, and those that exist."""
    by_lower = {known.lower(): known for known in names}
    close = [by_lower[match] for match in difflib.get_close_matches(name[:100].lower(), by_lower)]
    guess = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    message = f"There is no implementation named {name[:100]!r}.{guess} Deployed: {_listed(names)}."
    return ResponseError(404, message, code="model_not_found", param=param)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {rest} more (`janus implementations`)" if rest > 0 else "")


def unauthorized(what: str) -> ResponseError:
    """401 (RFC 9110, section 15.5.2); what was sent is not repeated."""
    message = f"{what} Send one that `janus up` was given: Authorization: Bearer YOUR_KEY."
    return ResponseError(401, message, code="invalid_api_key", headers={"www-authenticate": "Bearer"})


def foreign_origin() -> ResponseError:
    """403: a web page from another origin asked, and this gateway does not allow other origins."""
    message = (
        "This gateway does not answer web pages from this origin. Call it from a program, or allow the origin: "
        "`janus up --cors-origin https://app.example`."
    )
    return ResponseError(403, message, code="origin_not_allowed")


def not_ready(name: str, reason: str, retry_after: float | None = None) -> ResponseError:
    """503: the implementation exists but cannot answer now; with `Retry-After` (RFC 9110, section 10.2.3) if known."""
    headers = {"retry-after": str(max(1, math.ceil(retry_after)))} if retry_after is not None else None
    return ResponseError(503, f"{name} is not ready: {reason}", code="implementation_not_ready", headers=headers)


def refused(name: str) -> BackendError:
    """502: nothing could be reached at the implementation's address."""
    message = f"{name} could not be reached. `janus logs {name}` shows why; send the request again once it is running."
    return BackendError(502, message, code="upstream_unreachable")


def bad_upstream(name: str, what: str) -> ResponseError:
    """502: the implementation answered, but not as the contract requires."""
    message = f"{name} {what}. This is a fault of the implementation; `janus logs {name}` may say more."
    return ResponseError(502, message, code="upstream_invalid")


def cut_short(name: str, what: str) -> BackendError:
    """502: the answer was cut off; after the first byte this becomes an event instead of a status."""
    message = f"The answer of {name} is incomplete: {what}. Send the request again."
    return BackendError(502, message, code="upstream_incomplete")


def took_too_long(seconds: float) -> BackendError:
    """504: the answer took longer than the contract's time limit."""
    message = f"The implementation did not finish within {seconds:g} seconds. Ask for less, or ask another one."
    return BackendError(504, message, code="upstream_timeout")


def unreadable(status: int, message: str) -> tuple[bytes, bytes]:
    """Content type and body of the answer to a request that the server refused before the gateway saw it."""
    return b"application/json", ResponseError(status, message, code="malformed_request").body()
