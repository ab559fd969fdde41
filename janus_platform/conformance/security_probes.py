"""The walls: egress, keys, evidence, monitoring, and what is measured of an implementation's limits."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from janus_platform.conformance.gateway_probes import GatewayClient
from janus_platform.conformance.http_client import HttpClient, UnreachableError, dig
from janus_platform.conformance.report import DIFFERS, KNOWN, SKIPPED, Row, compare, unseen
from janus_platform.contract import Contract
from janus_platform.errors import RequestRefusedError
from janus_platform.runtime.control_client import ControlClient

HOW = "probe"
# Hosts that an implementation would like to reach: another site, this machine, a cloud's metadata, a look-alike.
OUTSIDE = ("example.com", "localhost", "169.254.169.254", "proxy.janus.rodeo.example.com")
_LIMITS = ("memory_bytes", "cores", "disk_bytes", "request_timeout_seconds")


def egress(
    control: ControlClient, caller: str, contract: Contract, connect: Callable[[str, int], HttpClient]
) -> Iterator[Row]:
    """Which hosts and ports pass; `connect(host, port)` leads to that port of the host through the proxy."""
    wanted, port = contract.egress.allowed_hosts, contract.egress.allowed_port
    listed = dig(control.get("/status"), "egress", "allowed_hosts") or []
    yield compare("egress.allowed_hosts", "status", sorted(wanted), sorted(listed))
    passing = [host for host in wanted if _passes(connect(host, port), host)]
    yield compare("egress.allowed_hosts", HOW, list(wanted), passing, "Not all of them can be reached.")
    outside = [host for host in OUTSIDE if _passes(connect(host, port), host)]
    yield compare("egress.allowed_hosts", "probe of other hosts", [], outside, "Hosts outside the list can be reached.")
    other = port + 8000
    yield compare(
        "egress.allowed_port", HOW, False, _passes(connect(wanted[0], other), wanted[0]), f"Port {other} passes."
    )
    blocked = {dig(event, "target") for event in control.get("/egress", caller=caller)["blocked"]}
    missing = [host for host in OUTSIDE if f"{host}:{port}" not in blocked]
    yield compare("security.whitelist_rules", "egress log", [], missing, "Blocked attempts are not in the log.")


def _passes(client: HttpClient, host: str) -> bool:
    try:
        return client.ask(host, "GET", "/health", with_key=False).status > 0
    except UnreachableError:
        return False
    finally:
        client.close()


def keys(control: ControlClient, contract: Contract, environment: dict[str, str]) -> Iterator[Row]:
    """The key's variable, and how long an old key lasts: a caller of the check's own rotates its own."""
    name = contract.implementation.key_variable
    yield compare("implementation.key_variable", "environment", name, name if environment.get(name) else None)
    done = control.post("/keys", caller=f"check-{secrets.token_hex(4)}")
    yield compare(
        "secrets.key_grace_seconds", "rotation", contract.secrets.key_grace_seconds, done.get("grace_seconds")
    )


def monitoring(control: ControlClient, contract: Contract) -> Iterator[Row]:
    """What `janus top` says that it counts by."""
    ours, top = contract.monitoring, control.get("/top")
    yield compare("monitoring.window_seconds", "janus top", ours.window_seconds, top.get("window_seconds"))
    for field in ("alarm_score", "min_samples", "history_windows"):
        yield compare(f"monitoring.{field}", "janus top", getattr(ours, field), dig(top, "statistic", field))


def implementations(control: ControlClient, gateway: GatewayClient, contract: Contract) -> Iterator[Row]:
    """Evidence of the implementation that answers by default: how it is given, and the limits it was started with."""
    ours = contract.attestation
    running = [each for each in control.get("/implementations")["implementations"] if each["state"] == "running"]
    if not running:
        for field in ("attestation", "implementation.memory_bytes"):
            yield unseen(field, "evidence", SKIPPED, "No implementation is running. Send a chat request first.")
        return
    path = ours.evidence_path.format(name=running[0]["name"])
    nonce = secrets.token_hex(ours.nonce_bytes)
    short = gateway.ask("GET", f"{path}?nonce={nonce[2:]}").status
    given = gateway.ask("GET", f"{path}?nonce={nonce}")
    yield compare("attestation.evidence_path", HOW, "200", str(given.status))
    sizes = f"{given.status} with {ours.nonce_bytes}, {short} with one less"
    yield compare("attestation.nonce_bytes", HOW, f"200 with {ours.nonce_bytes}, 400 with one less", sizes)
    claims = _claims(given.at("token"))
    yield compare("attestation.profile", "evidence", ours.profile, dig(claims, "eat_profile"))
    lasts = (dig(claims, "exp") or 0) - (dig(claims, "iat") or 0)
    yield compare("attestation.valid_seconds", "evidence", ours.valid_seconds, lasts)
    yield from _measured(contract, control, running[0])


def _measured(contract: Contract, control: ControlClient, entry: dict[str, Any]) -> Iterator[Row]:
    try:
        evidence = control.get("/implementations", entry["name"], "evidence", nonce=secrets.token_hex(32))
    except RequestRefusedError as error:
        yield unseen("attestation.registers", "evidence", SKIPPED, str(error))
        return
    claims = _claims(evidence.get("token"))
    node = next(iter((dig(claims, "submods") or {}).values()), None)
    registers = dig(_decoded(dig(node, "measurements", 0, 1)), "registers") or {}
    yield compare("attestation.registers", "evidence", sorted(contract.attestation.registers), sorted(registers))
    logged = _logged(evidence)
    for field in _LIMITS:
        wanted = str(getattr(contract.implementation, field))
        row = compare(f"implementation.{field}", "evidence", wanted, logged.get(field))
        yield _explained(row, dig(entry, "walls", "less") or [])


def _explained(row: Row, less: list[str]) -> Row:
    """`row`, known where the node says that this machine has less than the contract: "cores: 2, not 4: ..."."""
    word = row.field.rpartition(".")[2].partition("_")[0]
    note = next((line for line in less if line.startswith(f"{word}:")), None)
    if row.result != DIFFERS or note is None or not row.found.isdigit() or int(row.found) > int(row.expected):
        return row
    return replace(row, result=KNOWN, note=f"The node says so: {note}")


def _logged(evidence: Any) -> dict[str, str]:
    """The limits in the event log of the first node, by name."""
    events = next(iter((dig(evidence, "event_logs") or {}).values()), None) or []
    named = {str(dig(event, "name")): str(dig(event, "value")) for event in events}
    return {name: named[f"limit {name}"] for name in _LIMITS if f"limit {name}" in named}


def _claims(token: Any) -> Any:
    """The claims of a JWT, unverified: `janus verify` verifies, this only reads."""
    parts = str(token).split(".")
    return _decoded(parts[1]) if len(parts) == 3 else None


def _decoded(text: Any) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(f"{text}{'=' * (-len(str(text)) % 4)}"))
    except (ValueError, RecursionError):
        return None
