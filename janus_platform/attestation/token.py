"""An Entity Attestation Token as a signed JWT (RFC 9711, RFC 7515): made, and taken apart without trusting it.

Only ES384 is signed and accepted. The algorithm is compared before anything else: a token that says `none`, or `HS256`
with a public key as its secret, is refused for that alone (RFC 8725, section 3.1).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from janus_platform.attestation.errors import AttestationError

if TYPE_CHECKING:
    from cryptography import x509
    from joserfc.jws import JWSRegistry

    from janus_platform.attestation.identity import Identity

ALGORITHM = "ES384"
TYPE = "eat+jwt"  # RFC 9782, section 4.1
MAX_TOKEN_BYTES = 65_536
MAX_CHAIN = 4


@dataclass(frozen=True)
class Unverified:
    """What a token says of itself. Nothing in here is proven until `has_signature_of` is true of a trusted key."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    chain: tuple[x509.Certificate, ...]

    def has_signature_of(self, certificate: x509.Certificate) -> bool:
        """Whether the key in `certificate` made this token's signature, by ES384."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from joserfc import jws
        from joserfc.errors import JoseError
        from joserfc.jwk import ECKey

        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        try:
            jws.deserialize_compact(self.token, ECKey.import_key(key), registry=_registry())
        except (JoseError, ValueError):
            return False
        return True


def sign(claims: Mapping[str, Any], identity: Identity) -> str:
    """The claims as a compact JWS with the certificate chain in its header (`x5c`: RFC 7515, 4.1.6)."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from joserfc import jws
    from joserfc.jwk import ECKey

    chain = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in identity.chain]
    header = {"alg": ALGORITHM, "typ": TYPE, "x5c": chain}
    payload = json.dumps(claims, separators=(",", ":"))
    return jws.serialize_compact(header, payload, ECKey.import_key(identity.key), registry=_registry())


def take_apart(token: object) -> Unverified:
    """Header, claims and certificates of a token. Raises AttestationError for what is none, or is too large."""
    from cryptography import x509

    if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise AttestationError(f"a token is an ASCII text of at most {MAX_TOKEN_BYTES:,} characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise AttestationError("a token has three parts, separated by dots")
    header, claims = _object(parts[0], "header"), _object(parts[1], "claims")
    encoded = header.get("x5c", [])
    if not isinstance(encoded, list) or len(encoded) > MAX_CHAIN:
        raise AttestationError(f"x5c is a list of at most {MAX_CHAIN} certificates")
    try:
        chain = tuple(x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in encoded)
    except (ValueError, TypeError) as error:
        raise AttestationError("x5c holds something that is not a certificate") from error
    return Unverified(token, header, claims, chain)


def _registry() -> JWSRegistry:
    """ES384 alone, with room for a certificate chain in the header (by itself the library allows 512 bytes)."""
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=[ALGORITHM])
    registry.max_header_length = registry.max_payload_length = MAX_TOKEN_BYTES
    return registry


def b64url(content: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_b64url(text: object) -> bytes:
    """The bytes behind `text`. Raises AttestationError."""
    try:
        if not isinstance(text, str) or "=" in text:
            raise ValueError
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise AttestationError("that is not base64url") from None


def json_object(content: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `content`, each name once. Raises AttestationError naming `what`."""
    try:
        value = json.loads(content, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise AttestationError(f"the {what} is not a JSON object with unique names") from None
    if not isinstance(value, dict):
        raise AttestationError(f"the {what} is not a JSON object with unique names")
    return value


def _object(part: str, what: str) -> dict[str, Any]:
    return json_object(from_b64url(part), f"token's {what}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two readers may take different ones of two equal names (RFC 8725, 2.4).
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name appears twice")
    return members
