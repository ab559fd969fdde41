"""The node's attestation key, and the teaching root that certifies it: software keys, in files of this user alone.

A real quote is signed by a key that only the CPU holds, certified by its maker. Here both keys lie in the home (mode
0600), so the chain proves no more than that the evidence was made by somebody who can read these files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from janus_platform.attestation.errors import AttestationError
from janus_platform.stored_files import write_whole

# Below the home: the keys, their certificates and the golden values.
ATTESTATION_FOLDER = "attestation"
ROOT_VALIDITY, NODE_VALIDITY = dt.timedelta(days=3_650), dt.timedelta(days=90)
RENEWED_BEFORE = dt.timedelta(days=7)
# Clocks that differ a little must not make a fresh certificate "not yet valid".
BACKDATED = dt.timedelta(hours=1)
ROOT_NAME = "Janus teaching root (simulated, vouches for nothing)"
NODE_NAME = "Janus node attestation key (simulated, software)"
_UEID_RANDOM = b"\x01"  # RFC 9711, 4.2.1.1: type RAND, then 16, 24 or 32 random bytes.


@dataclass(frozen=True)
class Identity:
    """The key that signs evidence, and its certificate chain: the key's own certificate first, the root last."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, x509.Certificate]

    @property
    def ueid(self) -> bytes:
        """The node's universal entity id (RFC 9711, 4.2.1): type RAND and the SHA-256 of its random public key."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _UEID_RANDOM + hashlib.sha256(public).digest()


def node_identity(folder: Path, now: dt.datetime) -> Identity:
    """The identity kept in `folder`; what is missing or about to expire is made. Raises AttestationError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root_key, node_key = _key(folder / "root-key.pem"), _key(folder / "node-key.pem")
        root = _kept(root_file(folder), root_key, now) or _renew(root_file(folder), _root(root_key, now))
        node = _kept(folder / "node.pem", node_key, now)
        if node is None or not _issued_by(node, root):
            node = _renew(folder / "node.pem", _node(node_key, root, root_key, now))
        return Identity(node_key, (node, root))
    except (OSError, ValueError, TypeError) as error:
        raise AttestationError(
            f"The keys in {folder} cannot be used: {error}. Make the folder writable, or remove it: new ones are made."
        ) from error


def root_file(folder: Path) -> Path:
    """Where the teaching root's certificate is: the verifier's trust anchor."""
    return folder / "root.pem"


def trust_anchor(folder: Path) -> x509.Certificate:
    """The teaching root's certificate. Raises AttestationError when there is none yet."""
    try:
        return x509.load_pem_x509_certificate(root_file(folder).read_bytes())
    except (OSError, ValueError) as error:
        raise AttestationError(
            f"There is no usable root certificate at {root_file(folder)}. The node makes it with its first evidence."
        ) from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise PermissionError(f"{path.name} can be read by others (chmod 600 {path})")
            key = serialization.load_pem_private_key(file.read(), password=None)
    except FileNotFoundError:
        key = ec.generate_private_key(ec.SECP384R1())
        _write_private(path, key)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP384R1):
        raise ValueError(f"{path.name} holds no P-384 key")
    return key


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_whole(path, pem, private=True)


def _kept(path: Path, key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate | None:
    """The certificate at `path`, unless there is none, it is another key's, or it ends soon."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    is_own = certificate.public_key() == key.public_key()
    is_valid = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE
    return certificate if is_own and is_valid else None


def _renew(path: Path, certificate: x509.Certificate) -> x509.Certificate:
    write_whole(path, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate


def _issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except Exception:  # An unusable signature raises whatever the backend finds first.
        return False
    return True


def _root(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    name = _name(ROOT_NAME)
    builder = _builder(name, name, key.public_key(), now, ROOT_VALIDITY)
    usage = _usage(certificates=True)
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA384())
    )


def _node(
    key: ec.EllipticCurvePrivateKey, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, now: dt.datetime
) -> x509.Certificate:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        _builder(_name(NODE_NAME), root.subject, key.public_key(), now, NODE_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(authority, critical=False)
        .sign(root_key, hashes.SHA384())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    validity: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
