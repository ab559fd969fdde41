"""The CONNECT request (RFC 9110, 9.3.6): parsed, refused with problem details (RFC 9457), and sent."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
from urllib.parse import unquote, urlsplit

from janus_platform.errors import PlatformError

_CONNECT = re.compile(rb"CONNECT ([!-~]{1,300}) HTTP/1\.[01]")
_UNPRINTABLE = re.compile(rb"[^!-~]")
_ONCE = {"proxy-authorization": "Proxy-Authorization", "host": "Host"}
_OF_BODIES = {"content-length", "transfer-encoding"}
PROBE_SECONDS = 10.0
_LONGEST_STATUS_LINE = 8_192
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")


class EgressError(PlatformError):
    """An attempt that does not pass: HTTP status, a short reason for the log, and what to do."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        target: str = "",
        caller: str = "unknown",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.status, self.reason, self.detail, self.target, self.caller = status, reason, detail, target, caller


def parse_connect(head: bytes) -> tuple[str, dict[str, str]]:
    """The target and the headers, by lower-case name. Raises EgressError for anything but a clean CONNECT."""
    request_line, *lines = head.split(b"\r\n")
    match = _CONNECT.fullmatch(request_line)
    if match is None:
        words = request_line.split(b" ")[1:2]
        # It goes into the log, where a line end or an escape sequence could forge a line of its own.
        shown = _UNPRINTABLE.sub(b"?", words[0][:200]).decode("ascii") if words else ""
        detail = "This proxy speaks only CONNECT to https addresses. Plain http does not leave the platform."
        raise EgressError(405, "not a CONNECT request", detail, target=shown)
    target, headers = match[1].decode("ascii"), dict[str, str]()
    for line in lines:
        field = _HEADER.fullmatch(line)
        if field is None:
            detail = "A header line of the CONNECT request is malformed."
            raise EgressError(400, "malformed header", detail, target=target)
        name = field[1].decode("ascii").lower()
        if name in headers and name in _ONCE:
            raise EgressError(400, f"two {_ONCE[name]} headers", f"Send one {_ONCE[name]} header.", target=target)
        if name in _OF_BODIES:
            detail = "A CONNECT request has no body (RFC 9110, 9.3.6)."
            raise EgressError(400, "CONNECT announces a body", detail, target=target)
        headers[name] = field[2].decode("latin-1")
    return target, headers


def problem(status: int, detail: str, **members: object) -> bytes:
    """The body of a refusal, as JSON."""
    return json.dumps({"type": "about:blank", "status": status, "detail": detail, **members}).encode()


def refusal_response(refusal: EgressError, allowed: tuple[str, ...]) -> bytes:
    """The whole answer to a refused attempt."""
    body = problem(refusal.status, refusal.detail, title=refusal.reason, allowed_hosts=allowed)
    # httpx and requests show the reason phrase and drop the body, so the reason stands in both.
    lines = [
        f"HTTP/1.1 {refusal.status} {refusal.reason}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if refusal.status == 407:
        lines.append('Proxy-Authenticate: Basic realm="janus egress"')
    if refusal.retry_after is not None:
        lines.append(f"Retry-After: {refusal.retry_after}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def send_connect(target: str, *, proxy_url: str | None = None) -> str:
    """Send `CONNECT target` to the proxy that this process's variables name, and return the status and reason.

    Such as `403 host is not on the allow-list`. The target is sent as it is, however wrong. Raises OSError when nobody
    answers, KeyError when no proxy is set.
    """
    proxy = urlsplit(proxy_url or os.environ["HTTPS_PROXY"])
    user = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    credentials = base64.b64encode(user.encode()).decode()
    head = f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
    with socket.create_connection((proxy.hostname or "", proxy.port or 80), PROBE_SECONDS) as connection:
        connection.sendall(head.encode())
        answer = b""
        while b"\r\n" not in answer and len(answer) < _LONGEST_STATUS_LINE:
            if not (part := connection.recv(_LONGEST_STATUS_LINE)):
                break
            answer += part
    return answer.partition(b"\r\n")[0].partition(b" ")[2].decode("latin-1")
