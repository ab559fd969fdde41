"""The path from a node's key to the verifier's own root, two certificates long (RFC 5280, section 6).

The chain comes with the token, so nothing in it is believed: the root is compared with the verifier's copy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from janus_platform.attestation.errors import AttestationError


def check(chain: Sequence[x509.Certificate], anchor: x509.Certificate, now: dt.datetime) -> str:
    """What the chain proves. Raises AttestationError with the reason why it proves nothing."""
    if not chain:
        raise AttestationError("the token carries no certificate (x5c)")
    if len(chain) > 2 or (len(chain) == 2 and chain[1] != anchor):
        raise AttestationError("its root is not the root that this verifier trusts")
    node = chain[0]
    try:
        node.verify_directly_issued_by(anchor)
    except (ValueError, TypeError, InvalidSignature):
        raise AttestationError(
            "the key is a foreign one: the root that this verifier trusts did not certify it"
        ) from None
    _check_usage(node, anchor)
    for certificate, whose in ((node, "node's"), (anchor, "root's")):
        if now < certificate.not_valid_before_utc:
            raise AttestationError(f"the {whose} certificate is not valid yet")
        if now > certificate.not_valid_after_utc:
            raise AttestationError(f"the {whose} certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    return "leads to the teaching root in this home, which is software"


def _check_usage(node: x509.Certificate, anchor: x509.Certificate) -> None:
    try:
        root_signs = anchor.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        node_signs = node.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usage = node.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        raise AttestationError("a certificate does not say what its key is for") from None
    if not root_signs or node_signs or not usage.digital_signature:
        raise AttestationError("a certificate is not meant for this")
    key = node.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise AttestationError("the node's key is not a P-384 key")
