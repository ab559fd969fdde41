"""What is benched: the address of an OpenAI-compatible endpoint, taken apart once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from janus_bench.errors import BenchError

KEY_VARIABLE = "JANUS_BENCH_API_KEY"
_CHAT = "/chat/completions"


@dataclass(frozen=True)
class Target:
    """Where requests go. `path` is the full path of chat completions; `api_key` never reaches a report."""

    host: str
    port: int
    tls: bool
    path: str
    api_key: str = ""

    @property
    def url(self) -> str:
        """The address without a key, as reports show it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """The `Host` field (RFC 9110 section 7.2): the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def parse_target(address: str, api_key: str | None = None) -> Target:
    """Take `http://localhost:8000`, or one that ends in `/v1` or `/v1/chat/completions`, apart.

    The key comes from `api_key`, else from `$JANUS_BENCH_API_KEY`. Raises BenchError for anything that is not a plain
    http or https address.
    """
    remedy = "Give an address such as http://localhost:8000 or https://llm.example.org/v1."
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise BenchError(f"target {address!r} is not an address ({error})", remedy) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BenchError(f"target {address!r} is not an http or https address", remedy)
    if parts.username or parts.password:
        raise BenchError("the target carries a user or a password", f"Put the key into ${KEY_VARIABLE} instead.")
    if parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9/._~%-]*", parts.path):
        raise BenchError(f"target {address!r} has more than a plain path", remedy)
    key = os.environ.get(KEY_VARIABLE, "") if api_key is None else api_key
    if not key.isascii() or not key.isprintable():
        raise BenchError("the API key contains characters that are not allowed in a header", f"Check ${KEY_VARIABLE}.")
    try:
        host = parts.hostname.encode("idna").decode("ascii")
    except UnicodeError:
        raise BenchError(f"{parts.hostname!r} is not a host name", remedy) from None
    tls = parts.scheme == "https"
    default = 443 if tls else 80
    return Target(host, default if port is None else port, tls, _chat_path(parts.path), key)


def _chat_path(path: str) -> str:
    path = path.rstrip("/")
    if path.endswith(_CHAT):
        return path
    return f"{path}{_CHAT}" if path.endswith("/v1") else f"{path}/v1{_CHAT}"
