"""Where an implementation that runs elsewhere listens: the address it was submitted with, judged, and its endpoints.

What a reader runs beside the platform is reached over loopback, by http or https. Anything else must be https, and on
the public internet: whoever may ask the gateway could otherwise reach into the network around it. A container on a
private address is published on a loopback port instead (`docker run -p 127.0.0.1:9000:8000`). Names are resolved anew
for each connection and every address is judged, so a name that changes its mind leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from janus_platform.gateway.errors import AddressRefusedError
from janus_platform.public_address import is_public

MAX_CHARACTERS = 300
_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_EXAMPLE = "give one such as http://localhost:9000 or https://implementation.example"


@dataclass(frozen=True)
class RemoteUrl:
    """Scheme, host (an IPv6 address without brackets) and port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """What stands in a `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"{self.scheme}://{self.authority}"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine's loopback."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def tls(self) -> dict[str, Any]:
        """The arguments with which a connection to it is made secure, if it is to be."""
        return {"ssl": _trusting(), "server_hostname": self.host} if self.scheme == "https" else {}

    async def endpoints(self) -> list[str]:
        """The IP addresses at which it may be reached now. Raises AddressRefusedError."""
        if not self.is_local:
            return [_public(address, self.host) for address in await _resolved(self.host, self.port)]
        return ["127.0.0.1", "::1"] if self.host == "localhost" else [self.host]


# Where an implementation listens: a Unix socket, a host and port of this machine, or somewhere else.
Address = Path | tuple[str, int] | RemoteUrl


def parse_remote_url(url: str) -> RemoteUrl:
    """Read an address that was submitted. Raises ValueError, whose message says what to give instead."""
    if len(url) > MAX_CHARACTERS or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ValueError(f"it is too long, or contains a space or a character that is not ASCII; {_EXAMPLE}")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), parts.port
    except ValueError as error:
        raise ValueError(f"{error}; {_EXAMPLE}") from None
    if parts.scheme not in _PORTS or port == 0:
        raise ValueError(f"it is not an http or https address; {_EXAMPLE}")
    if "@" in parts.netloc:
        raise ValueError("it contains a user name or password, which would show up in lists and logs; leave them out")
    remote = RemoteUrl(parts.scheme, _checked_host(host), port or _PORTS[parts.scheme])
    if parts.path not in ("", "/") or "?" in url or "#" in url:
        raise ValueError(f"only scheme, host and port are allowed; give {remote.url}")
    if remote.scheme == "http" and not remote.is_local:
        raise ValueError(f"http is for this machine only; give https://{remote.authority}, or run it on localhost")
    return remote


def host_header(address: Address) -> str:
    """What a request to `address` names as its host; a node's own implementations need no name."""
    return address.authority if isinstance(address, RemoteUrl) else "implementation"


def _checked_host(host: str) -> str:
    if host == "localhost" or _is_loopback(host):
        return host
    if _is_address(host):
        if not is_public(host):
            raise ValueError(
                f"{host} is a private, local or reserved address; publish the implementation on a port of localhost "
                "(docker run -p 127.0.0.1:9000:8000), or under a public name"
            )
        return host
    if not _NAME.fullmatch(host):
        raise ValueError(f"{host[:60]!a} is not a host name with a dot, localhost or a plain IP address; {_EXAMPLE}")
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    # An address with a zone, or one that carries another (::ffff:127.0.0.1), is none that anybody would write.
    return _is_address(host) and (host == "::1" or (":" not in host and ipaddress.ip_address(host).is_loopback))


def _public(address: str, host: str) -> str:
    if not is_public(address):
        raise AddressRefusedError(f"{host} resolves to {address}, which is not on the public internet")
    return address


async def _resolved(host: str, port: int) -> list[str]:
    if _is_address(host):
        return [host]
    try:
        addresses = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefusedError(f"{host} cannot be resolved") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in addresses))


@cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()
