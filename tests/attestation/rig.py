"""A node's evidence made without a platform: keys in a folder, a measured implementation, a clock that stands still."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import ECKey

from janus_platform.attestation import EventLog, measure
from janus_platform.attestation.evidence import claims_of
from janus_platform.attestation.golden import Golden
from janus_platform.attestation.identity import Identity, node_identity, trust_anchor
from janus_platform.attestation.report import Report
from janus_platform.attestation.token import b64url, sign
from janus_platform.attestation.verify import verify
from janus_platform.contract import load_contract

CONTRACT = load_contract()
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
Claims = dict[str, Any]


@dataclass
class Bench:
    """One implementation `mine` in a folder, a node that measures it, and a verifier that trusts the node's root."""

    home: Path
    nonce: str = field(default_factory=lambda: secrets.token_hex(32))

    @property
    def folder(self) -> Path:
        return self.home / "mine"

    @property
    def identity(self) -> Identity:
        return node_identity(self.home / "keys", NOW)

    def log(self) -> EventLog:
        """What the node measures of `mine` now."""
        return EventLog(
            CONTRACT.attestation.registers,
            [
                *measure.code(self.folder),
                *measure.configuration(["serve", "main.py"], ["HOST", "PORT"], {"cores": 4}, "bubblewrap"),
                *measure.egress(CONTRACT.egress.allowed_hosts, 443),
            ],
        )

    def evidence(
        self,
        change: Callable[[Claims], object] = lambda _: None,
        *,
        identity: Identity | None = None,
        name: str = "mine",
    ) -> dict[str, Any]:
        """Evidence of `name`, its claims changed by `change` before they are signed."""
        identity, log = identity or self.identity, self.log()
        claims = claims_of(name, self.nonce, {"node-1": log}, identity, CONTRACT, NOW)
        change(claims)
        return {"token": sign(claims, identity), "event_logs": {"node-1": log.plain()}}

    def check(self, evidence: object, *, golden: Golden | None = None, seconds: float = 1.0) -> Report:
        """What the verifier finds, `seconds` after the evidence was made."""
        return verify(
            evidence,
            name="mine",
            nonce=self.nonce,
            anchor=trust_anchor(self.home / "keys"),
            contract=CONTRACT,
            now=NOW + dt.timedelta(seconds=seconds),
            golden=golden,
        )


def bench(home: Path) -> Bench:
    """A bench with a folder of two files."""
    made = Bench(home)
    made.folder.mkdir(parents=True)
    (made.folder / "main.py").write_text("print('hello')\n", encoding="utf-8")
    (made.folder / "uv.lock").write_text("version = 1\n", encoding="utf-8")
    _ = made.identity
    return made


def reason(report: Report, check: str) -> str:
    """Why `check` failed; it must have, and nothing but it and what rests on it."""
    failed = [one for one in report.checks if one.result == "failed"]
    assert [one.check for one in failed] == [check], str(report)
    return failed[0].detail


def with_hmac(evidence: dict[str, Any], secret: bytes) -> dict[str, Any]:
    """The same header and claims under HS256, with `secret`: made by hand, because libraries refuse to."""
    header, claims, _ = evidence["token"].split(".")
    named = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    signed = f"{b64url(json.dumps({**named, 'alg': 'HS256'}).encode())}.{claims}"
    mark = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return {**evidence, "token": f"{signed}.{b64url(mark)}"}


def unsigned(evidence: dict[str, Any]) -> dict[str, Any]:
    """The same claims under `alg: none`."""
    header = json.loads(base64.urlsafe_b64decode(evidence["token"].split(".")[0] + "=="))
    parts = [b64url(json.dumps({**header, "alg": "none"}).encode()), evidence["token"].split(".")[1], ""]
    return {**evidence, "token": ".".join(parts)}


def signed_by_stranger(evidence: dict[str, Any], identity: Identity) -> dict[str, Any]:
    """The same claims under the same certificates, signed by a key that they do not certify."""
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in identity.chain]
    header = {"alg": "ES384", "typ": "eat+jwt", "x5c": chain}
    payload = evidence["token"].split(".")[1]
    content = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    key = ECKey.generate_key("P-384")
    return {**evidence, "token": jws.serialize_compact(header, content, key, registry=_registry("ES384"))}


def altered(evidence: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of `evidence` that `change` has changed."""
    made = copy.deepcopy(evidence)
    change(made)
    return made


def _registry(algorithm: str) -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[algorithm])
    registry.max_header_length = 65_536
    return registry
