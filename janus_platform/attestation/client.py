"""The verifier behind `janus verify`: fetches evidence for a nonce drawn here, and checks it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from janus_bench.home import home
from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.golden import Golden
from janus_platform.attestation.identity import ATTESTATION_FOLDER, trust_anchor
from janus_platform.attestation.report import Report
from janus_platform.attestation.verify import read_logs, verify
from janus_platform.contract import load_contract

# Takes the name of an implementation and a nonce. Raises PlatformError with the reason why there is no evidence.
FetchEvidence = Callable[[str, str], Mapping[str, Any]]


def golden_file(name: str) -> Path:
    """Where the golden values of `name` are kept unless another file is named."""
    return home() / ATTESTATION_FOLDER / "golden" / f"{name}.json"


def new_nonce() -> str:
    """A nonce that nobody could know before."""
    return secrets.token_hex(load_contract().attestation.nonce_bytes)


def check(
    evidence: object, name: str, nonce: str, *, golden: Golden | None = None, now: dt.datetime | None = None
) -> Report:
    """Check evidence against this home's root certificate and, where given, golden values. Raises AttestationError."""
    anchor = trust_anchor(home() / ATTESTATION_FOLDER)
    when = now or dt.datetime.now(dt.UTC)
    return verify(evidence, name=name, nonce=nonce, anchor=anchor, contract=load_contract(), now=when, golden=golden)


def verify_running(fetch: FetchEvidence, name: str, *, golden: Path | None, save_golden: bool) -> Report:
    """Fetch fresh evidence of `name` and check it; `save_golden` keeps its values if no check failed.

    Raises PlatformError when there is no evidence, or `golden` cannot be read or written.
    """
    nonce = new_nonce()
    evidence = fetch(name, nonce)  # First: it refuses what is no name, before that becomes a path.
    path = golden or golden_file(name)
    known = Golden.load(path, load_contract()) if not save_golden and (golden or path.exists()) else None
    report = check(evidence, name, nonce, golden=known)
    if not save_golden:
        return report
    if report.failed:
        raise AttestationError(f"Nothing saved: evidence that failed a check cannot become a golden value.\n{report}")
    fresh = Golden(name, next(iter(read_logs(evidence, load_contract()).values())))
    fresh.save(path)
    return check(evidence, name, nonce, golden=fresh)
