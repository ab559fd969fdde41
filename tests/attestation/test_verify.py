"""A verifier passes honest evidence, and says of each kind of dishonest evidence what is wrong with it."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.golden import Golden
from janus_platform.attestation.identity import Identity, node_identity
from janus_platform.attestation.verify import PROOFS, STATEMENTS
from tests.attestation.rig import CONTRACT, NOW, Bench, altered, bench, reason, signed_by_stranger, unsigned, with_hmac


@pytest.fixture
def mine(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def test_honest_evidence_passes_every_check_that_can_be_made(mine: Bench) -> None:
    report = mine.check(mine.evidence(), golden=Golden("mine", mine.log()))
    assert {one.check: one.result for one in report.checks} == {
        **dict.fromkeys([*PROOFS, *STATEMENTS], "passed"),
        "hardware": "not checked",
    }
    assert not report.failed


def test_without_golden_values_that_check_is_not_made(mine: Bench) -> None:
    report = mine.check(mine.evidence())
    assert report.result("golden values") == "not checked" and not report.failed


def test_a_report_says_that_it_is_simulated_and_never_that_something_is_attested(mine: Bench) -> None:
    report = mine.check(mine.evidence())
    assert report.plain()["simulated"] is True
    assert "imulated" in str(report) and "attested" not in str(report)


def test_one_changed_byte_of_code_fails_against_the_golden_values_and_names_the_file(mine: Bench) -> None:
    golden = Golden("mine", mine.log())
    (mine.folder / "main.py").write_text("print('hellp')\n", encoding="utf-8")
    detail = reason(mine.check(mine.evidence(), golden=golden), "golden values")
    assert detail == "node-1: register code differs (main.py changed)"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda folder: (folder / "main.py").chmod(0o755), "main.py changed"),
        (lambda folder: (folder / "main.py").unlink(), "main.py gone"),
        (lambda folder: (folder / "more.py").write_text(""), "more.py new"),
        (lambda folder: (folder / "main.py").rename(folder / "other.py"), "main.py gone, other.py new"),
        (lambda folder: (folder / "__pycache__").mkdir() or (folder / "__pycache__/main.pyc").write_text("x"), "new"),
    ],
    ids=["mode", "gone", "new", "renamed", "compiled"],
)
def test_path_mode_and_presence_of_every_file_are_measured(mine: Bench, change: Callable[..., Any], found: str) -> None:
    golden = Golden("mine", mine.log())
    change(mine.folder)
    assert found in reason(mine.check(mine.evidence(), golden=golden), "golden values")


def test_golden_values_of_another_implementation_do_not_count(mine: Bench) -> None:
    detail = reason(mine.check(mine.evidence(), golden=Golden("yours", mine.log())), "golden values")
    assert detail == "they are those of yours"


def test_a_replayed_nonce_fails(mine: Bench) -> None:
    recorded = mine.evidence()
    mine.nonce = "ab" * 32
    assert "not ours" in reason(mine.check(recorded), "nonce")


@pytest.mark.parametrize("nonce", [None, 5, [], "", "AB" * 32, ["ab" * 32]])
def test_a_nonce_of_another_kind_fails(mine: Bench, nonce: object) -> None:
    assert reason(mine.check(mine.evidence(lambda claims: claims.update(eat_nonce=nonce))), "nonce")


def test_a_foreign_root_fails(mine: Bench, tmp_path: Path) -> None:
    foreign = node_identity(tmp_path / "foreign", NOW)
    assert "root" in reason(mine.check(mine.evidence(identity=foreign)), "certificate chain")


def test_a_foreign_key_below_a_copy_of_our_root_fails(mine: Bench, tmp_path: Path) -> None:
    foreign = node_identity(tmp_path / "foreign", NOW)
    mixed = type(foreign)(foreign.key, (foreign.chain[0], mine.identity.chain[1]))
    assert "foreign" in reason(mine.check(mine.evidence(identity=mixed)), "certificate chain")


def test_a_root_is_no_node_key(mine: Bench) -> None:
    root_key = (mine.home / "keys" / "root-key.pem").read_bytes()
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key, root = load_pem_private_key(root_key, None), mine.identity.chain[1]
    as_node = type(mine.identity)(key, (root, root))  # type: ignore[arg-type]
    assert "not meant for this" in reason(mine.check(mine.evidence(identity=as_node)), "certificate chain")


def test_a_signature_of_another_key_under_our_certificates_fails(mine: Bench) -> None:
    forged = signed_by_stranger(mine.evidence(), mine.identity)
    report = mine.check(forged)
    assert "another key" in reason(report, "signature")
    assert {one.result for one in report.checks if one.check in STATEMENTS} == {"not checked"}


def test_changed_claims_fail_by_their_signature(mine: Bench) -> None:
    evidence = mine.evidence()
    head, _, signature = evidence["token"].split(".")
    claims = mine.evidence(lambda claims: claims.update(sub="yours"))["token"].split(".")[1]
    assert reason(mine.check({**evidence, "token": f"{head}.{claims}.{signature}"}), "signature")


def test_alg_none_is_refused_before_anything_else(mine: Bench) -> None:
    report = mine.check(unsigned(mine.evidence()))
    assert "none" in reason(report, "algorithm")
    assert report.result("signature") == "not checked"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_hs256_with_the_public_key_as_secret_is_refused(mine: Bench, encoding: Encoding) -> None:
    public = mine.identity.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    assert "HS256" in reason(mine.check(with_hmac(mine.evidence(), public)), "algorithm")


def test_an_expired_token_fails(mine: Bench) -> None:
    late = CONTRACT.attestation.valid_seconds + CONTRACT.attestation.clock_skew_seconds + 1
    assert "expired" in reason(mine.check(mine.evidence(), seconds=late), "freshness")
    assert not mine.check(mine.evidence(), seconds=late - 2).failed


def test_a_token_that_is_not_yet_valid_fails(mine: Bench) -> None:
    early = CONTRACT.attestation.clock_skew_seconds + 1
    assert "valid only" in reason(mine.check(mine.evidence(), seconds=-early), "freshness")
    assert not mine.check(mine.evidence(), seconds=-early + 2).failed


def test_a_token_that_gives_itself_a_long_life_is_too_old_all_the_same(mine: Bench) -> None:
    long = mine.evidence(lambda claims: claims.update(exp=claims["exp"] + 10**6))
    late = CONTRACT.attestation.valid_seconds + CONTRACT.attestation.clock_skew_seconds + 1
    assert "are allowed" in reason(mine.check(long, seconds=late), "freshness")


@pytest.mark.parametrize("field", ["iat", "nbf", "exp"])
@pytest.mark.parametrize("value", [None, "1", True, -1, 1e300, float("inf")])
def test_times_that_are_no_times_fail(mine: Bench, field: str, value: object) -> None:
    assert reason(mine.check(mine.evidence(lambda claims: claims.update({field: value}))), "freshness")


def test_a_wrong_profile_fails(mine: Bench) -> None:
    evidence = mine.evidence(lambda claims: claims.update(eat_profile="urn:somebody:else"))
    assert "urn:somebody:else" in reason(mine.check(evidence), "profile")


def test_another_implementations_evidence_fails(mine: Bench) -> None:
    assert reason(mine.check(mine.evidence(name="yours")), "implementation") == "it is about yours, not mine"


def test_a_node_that_runs_something_else_fails(mine: Bench) -> None:
    evidence = mine.evidence(lambda claims: claims["submods"]["node-1"].update(swname="yours"))
    assert "something else" in reason(mine.check(evidence), "implementation")


@pytest.mark.parametrize(
    "change",
    [
        lambda logs: logs["node-1"].pop(),
        lambda logs: logs["node-1"].pop(0),
        lambda logs: logs["node-1"].reverse(),
        lambda logs: logs["node-1"].append({"register": "code", "name": "x", "value": "y"}),
        lambda logs: logs["node-1"][0].update(value="mode 0644, 1 bytes, sha384 00"),
        lambda logs: logs["node-1"].clear(),
        lambda logs: logs.update({"node-2": logs["node-1"]}),
        lambda logs: logs.pop("node-1"),
        lambda logs: logs.update({"node-1": [{"register": "moon", "name": "x", "value": "y"}]}),
        lambda logs: logs.update({"node-1": "log"}),
        lambda logs: logs["node-1"][0].update(more=1),
    ],
    ids=[
        "truncated",
        "beheaded",
        "reordered",
        "extended",
        "edited",
        "empty",
        "more",
        "none",
        "register",
        "text",
        "field",
    ],
)
def test_an_event_log_that_does_not_lead_to_the_registers_fails(mine: Bench, change: Callable[..., Any]) -> None:
    report = mine.check(
        altered(mine.evidence(), lambda made: change(made["event_logs"])), golden=Golden("mine", mine.log())
    )
    assert reason(report, "event log")
    assert report.result("golden values") == "not checked"


def test_an_expired_node_certificate_fails(mine: Bench) -> None:
    later = dt.timedelta(days=100).total_seconds()
    assert "expired" in reason(mine.check(mine.evidence(), seconds=later), "certificate chain")


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        5,
        [],
        {},
        {"token": None},
        {"token": "a.b"},
        {"token": "a.b.c"},
        {"token": "x" * 10**6},
        {"token": "é.é.é"},
    ],
)
def test_what_is_no_evidence_fails_in_one_sentence(mine: Bench, evidence: object) -> None:
    assert reason(mine.check(evidence), "token")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, dict[str, Any]]:
    made = bench(tmp_path_factory.mktemp("shared"))
    return made, made.evidence()


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # of a certificate that the test has changed
@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10**6), other=st.sampled_from("ABCabc019-_.="))
def test_no_change_to_a_token_passes_the_proofs(shared: tuple[Bench, dict[str, Any]], at: int, other: str) -> None:
    mine, evidence = shared
    token = evidence["token"]
    at %= len(token)
    changed = token[:at] + other + token[at + 1 :]
    # The last character of a base64url part has bits that mean nothing (RFC 4648, 3.5).
    assert mine.check({**evidence, "token": changed}).failed or _bytes(changed) == _bytes(token)


def _bytes(token: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["token", "event_logs", "x"]), inner),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(evidence=_ANYTHING)
def test_what_comes_from_outside_is_a_failed_check_and_never_a_crash(
    shared: tuple[Bench, dict[str, Any]], evidence: object
) -> None:
    assert shared[0].check(evidence).failed


@settings(max_examples=100, deadline=None)
@given(claim=st.sampled_from(["submods", "iat", "eat_nonce", "sub", "eat_profile"]), value=_ANYTHING)
def test_signed_claims_of_any_kind_are_checked_and_never_a_crash(
    shared: tuple[Bench, dict[str, Any]], claim: str, value: object
) -> None:
    mine, _ = shared
    assert mine.check(mine.evidence(lambda claims: claims.update({claim: value}), identity=_identity(mine))).failed


@cache
def _identity_in(folder: Path) -> Identity:
    return node_identity(folder, NOW)


def _identity(mine: Bench) -> Identity:
    return _identity_in(mine.home / "keys")


def test_golden_values_survive_their_file(mine: Bench, tmp_path: Path) -> None:
    path = tmp_path / "golden" / "mine.json"
    Golden("mine", mine.log()).save(path)
    assert not mine.check(mine.evidence(), golden=Golden.load(path, CONTRACT)).failed


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["registers"].update(code="00"),
        lambda found: found["event_log"].pop(),
        lambda found: found.update(janus_golden=2),
        lambda found: found.pop("implementation"),
    ],
)
def test_a_damaged_golden_file_is_refused(mine: Bench, tmp_path: Path, change: Callable[..., Any]) -> None:
    path = tmp_path / "golden.json"
    Golden("mine", mine.log()).save(path)
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))
    with pytest.raises(AttestationError, match="holds no golden values"):
        Golden.load(path, CONTRACT)


def test_a_golden_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(AttestationError, match="--save-golden"):
        Golden.load(tmp_path / "none.json", CONTRACT)
