"""HTTP to one host after the other, with a key only where it belongs, and with bounds on size and time.

A local client goes through the egress proxy, a live one straight out. No redirect is followed, and the process's own
proxy variables are not read: a shell prepared by `janus env` would send a live check to the local platform.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from janus_platform.errors import PlatformError

MAX_ANSWER_BYTES = 8_000_000
ANSWER_SECONDS = 60.0
CONNECT_SECONDS = 10.0
JSON_HEADERS = {"Content-Type": "application/json"}


class UnreachableError(PlatformError):
    """Nothing answers there; the message says why in plain words."""


@dataclass(frozen=True)
class Answer:
    """What a host answered: status, headers with lower-case names, at most MAX_ANSWER_BYTES of body, seconds taken."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def at(self, *path: str | int) -> Any:
        """The value at a path of the JSON body; None where there is none."""
        return dig(self.json, *path)


def dig(value: Any, *path: str | int) -> Any:
    """The value at `path`, of objects by name and of arrays by place; None where there is none."""
    for part in path:
        if isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        elif isinstance(part, int) and isinstance(value, list) and len(value) > part:
            value = value[part]
        else:
            return None
    return value


@dataclass
class HttpClient:
    """HTTP to hosts. `keys` are bearer keys by host; `connect` sends a host's requests to another address and port.

    `proxy` is the address of the egress proxy, and `context` what TLS trusts.
    """

    context: ssl.SSLContext
    proxy: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    connect: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    seconds: float = ANSWER_SECONDS

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            verify=self.context, proxy=self.proxy, trust_env=False, follow_redirects=False, timeout=CONNECT_SECONDS
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def ask(
        self,
        host: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        with_key: bool = True,
    ) -> Answer:
        """The answer of `host`; `body` goes as JSON, bytes as they are. Raises UnreachableError."""
        headers = {"Host": host, **(JSON_HEADERS if body is not None else {})}
        if with_key and host in self.keys:
            headers["Authorization"] = f"Bearer {self.keys[host]}"
        address, port = self.connect.get(host, (host, 443))
        request = self._client.build_request(
            method,
            f"https://{_bracketed(address)}:{port}{path}",
            headers=headers,
            params=dict(query) if query else None,
            content=body if isinstance(body, bytes | None) else json.dumps(body).encode(),
            extensions={"sni_hostname": host},
            timeout=httpx.Timeout(self.seconds, connect=CONNECT_SECONDS),
        )
        return self.send(request)

    def send(self, request: httpx.Request) -> Answer:
        """The answer to a request that is built already. Raises UnreachableError."""
        begin = time.monotonic()
        try:
            response = self._client.send(request, stream=True)
            try:
                content = _content(response, begin + self.seconds)
            finally:
                response.close()
        except (httpx.HTTPError, OSError, httpx.InvalidURL) as error:
            raise UnreachableError(reason(error)) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, content, time.monotonic() - begin)


def _content(response: httpx.Response, deadline: float) -> bytes:
    kept = bytearray()
    for block in response.iter_bytes():
        kept += block
        if len(kept) > MAX_ANSWER_BYTES:
            raise UnreachableError(f"its answer has more than {MAX_ANSWER_BYTES:,} bytes")
        if time.monotonic() > deadline:
            raise UnreachableError("its answer did not end in time")
    return bytes(kept)


def reason(error: BaseException) -> str:
    """Why nothing answered, in plain words: the error's kind, and never what it carries."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 10:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({each.verify_message})"
        if isinstance(each, ssl.SSLError):
            return "TLS failed"
        if isinstance(each, socket.gaierror):
            return "its name cannot be resolved: no such host, or no DNS here"
        if isinstance(each, ConnectionRefusedError):
            return "the connection is refused"
        if isinstance(each, TimeoutError | httpx.TimeoutException):
            return "no answer in time"
        if isinstance(each, httpx.ProxyError):
            return "the proxy refuses the connection"
    kind = type(chain[0]).__name__
    return f"the connection failed ({kind})"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
