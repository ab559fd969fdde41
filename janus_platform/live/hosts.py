"""The contract's hosts as they can be reached from here, and why not.

Any HTTP answer counts as reached: what the host says is for the cells to see. Requests go out as the cells' own would,
through the proxy and with the authorities that the environment names. No key is sent, and no reason repeats one.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from janus_platform.contract import Contract, Service

CONNECT_SECONDS = 10.0
LOCAL_KEY = "cpk_local_"


@dataclass(frozen=True)
class Host:
    """One host: `reason` is why it cannot be used, empty where it can."""

    name: str
    host: str
    reason: str

    @property
    def reachable(self) -> bool:
        """Whether cells may expect it to answer."""
        return not self.reason


def reach(contract: Contract, environment: Mapping[str, str] = os.environ) -> list[Host]:
    """Every host of the contract, asked at the same time."""
    services = list(contract.services.values())
    with ThreadPoolExecutor(len(services)) as pool:
        reasons = list(
            pool.map(lambda service: _missing_key(contract, service, environment) or _asked(service), services)
        )
    return [Host(service.name, service.host, reason) for service, reason in zip(services, reasons, strict=True)]


def reason_for(error: BaseException) -> str:
    """Why a connection failed, in words of our own: a library's may hold a proxy's password."""
    import httpx

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return "its certificate is not trusted here"
        message = str(seen).lower()
        if any(
            word in message for word in ("name or service", "name resolution", "nodename nor servname", "getaddrinfo")
        ):
            return "its name does not resolve"
        if isinstance(seen, ConnectionRefusedError) or "refused" in message:
            return "nobody listens there"
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, httpx.ProxyError):
        return "the proxy in the environment does not let it through"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {CONNECT_SECONDS:g} s"
    return f"the connection failed ({type(error).__name__})"


def _missing_key(contract: Contract, service: Service, environment: Mapping[str, str]) -> str:
    variable = contract.implementation.key_variable
    if service.name != "inference":
        return ""
    key = environment.get(variable, "")
    if not key:
        return f"{variable} is not set"
    return f"{variable} holds a key of the local platform" if key.startswith(LOCAL_KEY) else ""


def _asked(service: Service) -> str:
    import httpx

    try:
        with httpx.Client(timeout=CONNECT_SECONDS) as client, client.stream("GET", f"https://{service.host}/"):
            return ""
    except (httpx.HTTPError, OSError, ValueError) as error:
        return reason_for(error)
