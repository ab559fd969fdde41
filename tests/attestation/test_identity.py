"""The node's keys are made once, for this user alone, and say of themselves that they are simulated."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

import pytest

from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.identity import NODE_VALIDITY, node_identity, trust_anchor
from tests.attestation.rig import NOW


def test_keys_are_readable_by_their_owner_alone_and_kept(tmp_path: Path) -> None:
    first, second = node_identity(tmp_path / "keys", NOW), node_identity(tmp_path / "keys", NOW)
    for name in ("root-key.pem", "node-key.pem"):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert first.chain == second.chain and first.ueid == second.ueid
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [
        "node-key.pem",
        "node.pem",
        "root-key.pem",
        "root.pem",
    ]


def test_names_and_chain_say_that_the_root_is_a_teaching_root(tmp_path: Path) -> None:
    node, root = node_identity(tmp_path, NOW).chain
    assert "simulated" in node.subject.rfc4514_string() and "simulated" in root.subject.rfc4514_string()
    assert root == trust_anchor(tmp_path)
    node.verify_directly_issued_by(root)


def test_the_ueid_is_random_and_33_bytes(tmp_path: Path) -> None:
    one, other = node_identity(tmp_path / "a", NOW).ueid, node_identity(tmp_path / "b", NOW).ueid
    assert one[0] == other[0] == 1 and len(one) == 33 and one != other


def test_a_certificate_is_renewed_before_it_ends_and_the_key_stays(tmp_path: Path) -> None:
    first = node_identity(tmp_path, NOW)
    later = node_identity(tmp_path, NOW + NODE_VALIDITY - dt.timedelta(days=1))
    assert later.chain[0] != first.chain[0] and later.chain[1] == first.chain[1] and later.ueid == first.ueid


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    node_identity(tmp_path, NOW)
    (tmp_path / "node-key.pem").chmod(0o644)
    with pytest.raises(AttestationError, match="chmod 600"):
        node_identity(tmp_path, NOW)


@pytest.mark.parametrize("name", ["node-key.pem", "root-key.pem", "root.pem", "node.pem"])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    node_identity(tmp_path, NOW)
    (tmp_path / name).write_bytes(b"-----BEGIN NONSENSE-----")
    with pytest.raises(AttestationError, match="or remove it"):
        node_identity(tmp_path, NOW)


def test_a_new_root_certifies_the_node_anew(tmp_path: Path) -> None:
    node_identity(tmp_path, NOW)
    (tmp_path / "root-key.pem").unlink()
    node, root = node_identity(tmp_path, NOW).chain
    node.verify_directly_issued_by(root)


def test_without_a_root_certificate_there_is_nothing_to_trust(tmp_path: Path) -> None:
    with pytest.raises(AttestationError, match="no usable root certificate"):
        trust_anchor(tmp_path)
