"""The local certificate authority behind the specification's host names.

It is made anew whenever the platform starts, signs exactly the contract's hosts, is name-constrained to them (RFC 5280,
4.2.1.10), and its private key never touches the disk: a leaked `ca.pem` cannot vouch for anything else.
"""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = dt.timedelta(days=30)
# A reader's clock may run behind ours: a laptop that slept, a container with its own time.
BACKDATED = dt.timedelta(days=1)


class LocalCA:
    """A certificate authority for `hosts` only, and the server side of TLS for each of them."""

    def __init__(self, hosts: Iterable[str], *, now: dt.datetime | None = None) -> None:
        self.hosts = tuple(hosts)
        self._now = now or dt.datetime.now(dt.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Janus local platform (this machine only)")])
        self._certificate = self._self_signed()

    @property
    def pem(self) -> bytes:
        """The authority's certificate, for `SSL_CERT_FILE` and its relatives."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server_context(self, host: str) -> ssl.SSLContext:
        """A TLS context that proves to be `host` and ends any handshake that asks for another name.

        Raises ValueError for a host outside `hosts`.
        """
        if host not in self.hosts:
            raise ValueError(f"{host} is not one of this authority's hosts")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._load_chain(context, host)

        def check_name(_: ssl.SSLObject, requested: str | None, __: ssl.SSLContext) -> int | None:
            named_right = requested is not None and requested.lower() == host
            return None if named_right else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

        context.sni_callback = check_name
        return context

    def _load_chain(self, context: ssl.SSLContext, host: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        chain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + self._issue(host, key.public_key()).public_bytes(serialization.Encoding.PEM)
        with tempfile.TemporaryDirectory() as folder:  # 0700; `ssl` reads keys only from files.
            path = Path(folder) / "chain.pem"
            path.write_bytes(chain)
            context.load_cert_chain(path)

    def _self_signed(self) -> x509.Certificate:
        public = self._key.public_key()
        constraints = x509.NameConstraints([x509.DNSName(host) for host in self.hosts], None)
        return (
            self._builder(self._name, public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(constraints, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _issue(self, host: str, public: ec.EllipticCurvePublicKey) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        return (
            self._builder(subject, public)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        # Python 3.13 verifies with VERIFY_X509_STRICT, which wants both key identifiers and the key usage.
        issuer = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - BACKDATED)
            .not_valid_after(self._now + VALIDITY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
