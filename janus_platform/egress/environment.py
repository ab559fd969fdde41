"""The way of a process to the egress proxy: the variables that send its every request there, and nothing but them.

httpx, openai, requests, curl and Node each read their own; both cases are set because a lower-case `https_proxy` wins
over `HTTPS_PROXY`, and `NO_PROXY` is reduced to loopback because `NO_PROXY=*` would bypass both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

LOOPBACK = "localhost,127.0.0.1,::1"
_PROXY_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_CA_NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def proxy_variables(proxy_url: str) -> dict[str, str]:
    """Both cases of the proxy variables for `proxy_url`, and a `NO_PROXY` of loopback alone."""
    proxies = dict.fromkeys(_PROXY_NAMES, proxy_url)
    upper = {**proxies, "NO_PROXY": LOOPBACK}
    # Node reads the proxy variables only when told to (22.21, 24.5 and later).
    return {**upper, **{name.lower(): value for name, value in upper.items()}, "NODE_USE_ENV_PROXY": "1"}


def ca_variables(ca_file: Path) -> dict[str, str]:
    """The variables by which OpenSSL, requests, curl and Node find the local CA."""
    return {name: str(ca_file) for name in _CA_NAMES}


def egress_variables(*, proxy_url: str, ca_file: Path, key_variable: str, key: str) -> dict[str, str]:
    """Everything a process needs to run the specification's code against the local platform."""
    return {**proxy_variables(proxy_url), **ca_variables(ca_file), key_variable: key}


def egress_variable_names(key_variable: str) -> list[str]:
    """The names of all that `egress_variables` sets, in its order: what has to go again."""
    return list(egress_variables(proxy_url="", ca_file=Path(), key_variable=key_variable, key=""))


class _EgressFiles(Protocol):
    @property
    def egress_socket(self) -> Path: ...

    @property
    def ca_file(self) -> Path: ...


class EgressAccess:
    """What a node needs to give an implementation its only way out: the proxy's addresses, its CA, the variables.

    `port` returns the proxy's loopback port, which is known once it listens; `variables` those of a caller; `blocked`
    its blocked attempts as plain data.
    """

    def __init__(
        self,
        files: _EgressFiles,
        port: Callable[[], int],
        variables: Callable[..., dict[str, str]],
        blocked: Callable[[str], list[dict[str, Any]]],
    ) -> None:
        self._port, self._variables, self._blocked = port, variables, blocked
        self.socket_path = files.egress_socket
        self.ca_file = files.ca_file

    @property
    def tcp_port(self) -> int:
        """The egress proxy's port on the host's loopback."""
        return self._port()

    def environment(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        """The egress variables of `caller`, whose proxy answers at `host`:`port` as the implementation sees it."""
        return self._variables(caller, host=host, port=port)

    def refused(self, caller: str, since: float) -> list[str]:
        """Where the proxy did not let `caller` go since then, in seconds since the epoch."""
        return [event["target"] for event in self._blocked(caller) if event["at"] >= since]
