"""Evidence is given to whoever asks properly, so often and no more; every refusal says what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from janus_platform.attestation import EventLog
from janus_platform.attestation.errors import EvidenceRateError, NonceError, NotMeasuredError
from janus_platform.attestation.evidence_service import EvidenceService
from janus_platform.clock import ManualClock
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import NotDeployedError, NotReadyError, ResponseError
from janus_platform.gateway.evidence import evidence_page
from tests.attestation.rig import CONTRACT, NOW, bench

LIMIT = CONTRACT.attestation.rate_limit
GOOD = "5e" * 32  # always the same: part of test names


class Directory:
    """Two implementations; `broken` cannot be started, `remote` runs elsewhere."""

    baseline = "mine"

    def __init__(self, log: EventLog) -> None:
        self.log = log

    def names(self) -> list[str]:
        return ["mine", "broken", "remote", "leaving"]

    def describe(self) -> list[dict[str, object]]:
        return [{"name": name, "created": 0} for name in self.names()]

    async def upstreams(self, name: str) -> list[Upstream]:
        raise NotReadyError("not here")

    async def event_logs(self, name: str) -> Mapping[str, EventLog]:
        if name == "broken":
            raise NotReadyError("it crashed twice.")
        if name == "leaving":
            raise NotDeployedError("gone")
        return {} if name == "remote" else {"node-1": self.log}


def service(home: Path) -> tuple[EvidenceService, ManualClock, Directory]:
    clock, directory = ManualClock(), Directory(bench(home).log())
    return EvidenceService(CONTRACT, directory.event_logs, home / "keys", clock, lambda: NOW), clock, directory


@pytest.mark.parametrize(
    "nonce", ["", "ab", "g" * 64, "AB" * 32, "ab" * 33, "ab" * 31 + "a", " " + "ab" * 32, "ab" * 32 + "\n", None, 5]
)
def test_a_nonce_of_another_form_is_refused_with_how_to_make_one(tmp_path: Path, nonce: object) -> None:
    with pytest.raises(NonceError, match=r"64 lower-case hexadecimal digits.*token_hex\(32\)"):
        asyncio.run(service(tmp_path)[0].evidence("mine", nonce))


def test_evidence_is_labelled_simulated_in_answer_and_token(tmp_path: Path) -> None:
    from janus_platform.attestation.token import take_apart

    evidence = asyncio.run(service(tmp_path)[0].evidence("mine", GOOD))
    claims = take_apart(evidence["token"]).claims
    assert evidence["simulated"] is claims["simulated"] is True
    assert "No hardware" in evidence["notice"] and "attested" not in json.dumps(evidence)
    assert claims["dbgstat"] == "enabled" and claims["eat_profile"] == CONTRACT.attestation.profile


def test_more_than_the_limit_is_refused_until_the_window_has_passed(tmp_path: Path) -> None:
    async def ask_too_often() -> None:
        ours, clock, _ = service(tmp_path)
        for _ in range(LIMIT.requests):
            await ours.evidence("mine", GOOD)
        with pytest.raises(EvidenceRateError, match=f"Ask again in {LIMIT.per_seconds} s"):
            await ours.evidence("mine", GOOD)
        clock.advance(LIMIT.per_seconds)
        await ours.evidence("mine", GOOD)

    asyncio.run(ask_too_often())


def test_where_nothing_was_measured_there_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(NotMeasuredError, match="No node of remote"):
        asyncio.run(service(tmp_path)[0].evidence("remote", GOOD))


@pytest.mark.parametrize(
    ("name", "query", "status", "code"),
    [
        ("mine", b"", 400, "invalid_value"),
        ("mine", b"nonce=", 400, "invalid_value"),
        ("mine", b"nonce=zz", 400, "invalid_value"),
        ("mine", f"nonce={GOOD}&nonce={GOOD}".encode(), 400, "invalid_value"),
        ("mine", f"nonce={GOOD}&x=1".encode(), 400, "invalid_value"),
        ("mine", b"nonce=\xff", 400, "invalid_value"),
        ("mine", b"&" * 500 + b"a=b&" * 100, 400, "invalid_value"),
        ("mine", b"nonce=" + b"a" * 10_000, 400, "invalid_value"),
        ("nobody", f"nonce={GOOD}".encode(), 404, "model_not_found"),
        ("leaving", f"nonce={GOOD}".encode(), 404, "model_not_found"),
        ("broken", f"nonce={GOOD}".encode(), 503, "implementation_not_ready"),
        ("remote", f"nonce={GOOD}".encode(), 409, "nothing_measured"),
    ],
)
def test_the_gateway_refuses_what_is_wrong_with_a_status_and_a_reason(
    tmp_path: Path, name: str, query: bytes, status: int, code: str
) -> None:
    ours, _, directory = service(tmp_path)
    with pytest.raises(ResponseError) as refused:
        asyncio.run(evidence_page(ours, directory)(name, query))
    assert (refused.value.status, refused.value.code) == (status, code)


def test_the_gateway_answers_429_with_when_to_come_back(tmp_path: Path) -> None:
    async def ask_too_often() -> None:
        ours, _, directory = service(tmp_path)
        page = evidence_page(ours, directory)
        for _ in range(LIMIT.requests):
            await page("mine", f"nonce={GOOD}".encode())
        with pytest.raises(ResponseError) as refused:
            await page("mine", f"nonce={GOOD}".encode())
        assert (refused.value.status, refused.value.headers) == (429, {"retry-after": str(LIMIT.per_seconds)})

    asyncio.run(ask_too_often())


def test_keys_that_cannot_be_used_are_named_and_no_evidence_is_given(tmp_path: Path) -> None:
    ours, _, directory = service(tmp_path)
    (tmp_path / "keys" / "node-key.pem").chmod(0o644)
    with pytest.raises(ResponseError, match="chmod 600") as refused:
        asyncio.run(evidence_page(ours, directory)("mine", f"nonce={GOOD}".encode()))
    assert (refused.value.status, refused.value.code) == (500, "no_evidence")
