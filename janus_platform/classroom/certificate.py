"""The tunnel server's certificate: made once, kept with its key (0600), and known to learners by its fingerprint.

No authority signs it. A learner's client compares the fingerprint on the card with the certificate that the other side
proved to own in the handshake, so a stranger's machine that answers at the same address is found out.
"""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from janus_platform.classroom.ticket import fingerprint
from janus_platform.errors import PlatformError
from janus_platform.stored_files import Warn, set_aside, write_whole

FILE = "door.pem"
# Nobody looks at the dates: clients know the certificate itself.
_VALID = dt.timedelta(days=3_650)


@dataclass(frozen=True)
class TunnelCertificate:
    """Key and certificate in the file at `path`; `fingerprint` is what stands on the cards."""

    path: Path
    fingerprint: str

    def server_context(self) -> ssl.SSLContext:
        """The server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.path)
        return context


def open_certificate(folder: Path, warn: Warn | None = None) -> TunnelCertificate:
    """The certificate kept in `folder`, made where there is none. Raises PlatformError for a file that is no such.

    Where there is somebody to `warn`, such a file is kept aside and a new certificate made.
    """
    path = folder / FILE
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, _made(), private=True)
        content = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        serialization.load_pem_private_key(content, password=None)
    except OSError as error:
        raise PlatformError(
            f"{path} cannot be used: {error.strerror}. Make it readable and its folder writable."
        ) from None
    except (ValueError, TypeError):
        if warn is None:
            raise PlatformError(f"{path} cannot be used. Move it away; all learners then get new cards.") from None
        set_aside(path, "all learners get new cards (`janus classroom cards`)", warn)
        return open_certificate(folder)
    return TunnelCertificate(path, fingerprint(certificate.public_bytes(serialization.Encoding.DER)))


def client_context() -> ssl.SSLContext:
    """A learner's side of TLS: the certificate is compared by its fingerprint after the handshake, not verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Janus room")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _VALID)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
