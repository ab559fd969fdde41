"""The machine's own addresses: where a classroom can listen, and what to print on the cards."""

from __future__ import annotations

import errno
import ipaddress
import socket

import psutil

from janus_platform.errors import PlatformError

WILDCARDS = ("0.0.0.0", "::")


def own_addresses() -> list[str]:
    """The addresses by which others may reach this machine: IPv4 first, neither loopback nor link-local."""
    addresses = [
        one.address.partition("%")[0]
        for interface in psutil.net_if_addrs().values()
        for one in interface
        if one.family in (socket.AF_INET, socket.AF_INET6)
    ]
    usable = [one for one in addresses if not (ip := ipaddress.ip_address(one)).is_loopback and not ip.is_link_local]
    return sorted(dict.fromkeys(usable), key=lambda one: ipaddress.ip_address(one).version)


def is_loopback(host: str) -> bool:
    """Whether `host` means this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def card_address(host: str) -> str:
    """What learners connect to where the tunnel server listens at `host`. Raises PlatformError for no network."""
    if host not in WILDCARDS:
        return host
    if addresses := own_addresses():
        return addresses[0]
    raise PlatformError("This machine has no address on a network. Connect it, or use --host 127.0.0.1.")


def bind_tunnel(host: str, port: int) -> list[socket.socket]:
    """A socket bound to `host` and `port`. Raises PlatformError that names the addresses there are."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE or isinstance(error, PermissionError):
            raise PlatformError(
                f"Port {port} cannot be used: {error.strerror}. Choose another: --room-port."
            ) from error
        raise _unusable(host) from error
    return [bound]


def _unusable(host: str) -> PlatformError:
    there = ", ".join(own_addresses()) or "none but loopback"
    return PlatformError(f"{host!r} is no address of this machine. It has: {there}.")
