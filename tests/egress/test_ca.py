"""The local CA vouches for the contract's hosts and for nothing else."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from janus_platform.egress.ca import LocalCA

HOST = "search.janus.rodeo"


def handshake(server: ssl.SSLContext, ca_file: Path, name: str) -> None:
    """A TLS handshake over a socket pair; raises what the client raises."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours:
            ssl.create_default_context(cafile=str(ca_file)).wrap_socket(ours, server_hostname=name).close()
    finally:
        thread.join()


@pytest.fixture
def ca_file(tmp_path: Path) -> tuple[LocalCA, Path]:
    ca = LocalCA([HOST])
    path = tmp_path / "ca.pem"
    path.write_bytes(ca.pem)
    return ca, path


def test_a_host_of_the_contract_is_trusted(ca_file: tuple[LocalCA, Path]) -> None:
    ca, path = ca_file
    handshake(ca.server_context(HOST), path, HOST)


def test_a_handshake_for_another_name_ends(ca_file: tuple[LocalCA, Path]) -> None:
    ca, path = ca_file
    with pytest.raises(ssl.SSLError):
        handshake(ca.server_context(HOST), path, "proxy.janus.rodeo")


def test_the_authority_refuses_to_serve_a_foreign_host(ca_file: tuple[LocalCA, Path]) -> None:
    with pytest.raises(ValueError, match="not one of"):
        ca_file[0].server_context("example.com")


def test_a_certificate_for_a_foreign_name_is_worthless_even_when_the_authority_signed_it(tmp_path: Path) -> None:
    ca = LocalCA([HOST])
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = ca._issue("bank.example", key.public_key())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "chain.pem").write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "chain.pem")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(server, tmp_path / "ca.pem", "bank.example")


def test_the_certificate_has_what_strict_verification_wants(ca_file: tuple[LocalCA, Path]) -> None:
    certificate = x509.load_pem_x509_certificate(ca_file[0].pem)
    for extension in (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier, x509.KeyUsage, x509.NameConstraints):
        certificate.extensions.get_extension_for_class(extension)
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)


def test_the_authority_ends_by_itself(tmp_path: Path) -> None:
    ca = LocalCA([HOST], now=dt.datetime.now(dt.UTC) - dt.timedelta(days=60))
    path = tmp_path / "ca.pem"
    path.write_bytes(ca.pem)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(ca.server_context(HOST), path, HOST)
