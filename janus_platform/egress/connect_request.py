"""The head of a CONNECT request, and the answer to what is not let through (RFC 9110, 9.3.6; RFC 9457)."""

from __future__ import annotations

import json
import re

_CONNECT = re.compile(rb"CONNECT ([!-~]{1,300}) HTTP/1\.[01]")
_UNPRINTABLE = re.compile(rb"[^!-~]")
_ONCE = {"proxy-authorization": "Proxy-Authorization", "host": "Host"}
_OF_BODIES = {"content-length", "transfer-encoding"}
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")


class Refusal(Exception):
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


def parse(head: bytes) -> tuple[str, dict[str, str]]:
    """The target and the headers, by lower-case name. Raises Refusal for anything but a clean CONNECT."""
    request_line, *lines = head.split(b"\r\n")
    match = _CONNECT.fullmatch(request_line)
    if match is None:
        words = request_line.split(b" ")[1:2]
        # It goes into the log, where a line end or an escape sequence could forge a line of its own.
        shown = _UNPRINTABLE.sub(b"?", words[0][:200]).decode("ascii") if words else ""
        detail = "This proxy speaks only CONNECT to https addresses. Plain http does not leave the platform."
        raise Refusal(405, "not a CONNECT request", detail, target=shown)
    target, headers = match[1].decode("ascii"), dict[str, str]()
    for line in lines:
        field = _HEADER.fullmatch(line)
        if field is None:
            detail = "A header line of the CONNECT request is malformed."
            raise Refusal(400, "malformed header", detail, target=target)
        name = field[1].decode("ascii").lower()
        if name in headers and name in _ONCE:
            raise Refusal(400, f"two {_ONCE[name]} headers", f"Send one {_ONCE[name]} header.", target=target)
        if name in _OF_BODIES:
            detail = "A CONNECT request has no body (RFC 9110, 9.3.6)."
            raise Refusal(400, "CONNECT announces a body", detail, target=target)
        headers[name] = field[2].decode("latin-1")
    return target, headers


def problem(status: int, detail: str, **members: object) -> bytes:
    """The body of a refusal, as JSON."""
    return json.dumps({"type": "about:blank", "status": status, "detail": detail, **members}).encode()


def refusal_bytes(refusal: Refusal, allowed: tuple[str, ...]) -> bytes:
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
