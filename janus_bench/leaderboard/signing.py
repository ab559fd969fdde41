"""The key that publications are signed with: Ed25519 (RFC 8032), one a user, kept in the user's home.

The base of this distribution is a light install, and Python's standard library has no Ed25519; a signature scheme
written for this purpose alone would be the wrong thing to trust. So signing needs the package `cryptography`, which the
extras [sign] and [platform] bring. Without it a run is published unsigned, and `show` says so.

What a signature says: whoever holds this key published these figures, and nothing has been changed since. It does not
say who that is, nor that the run was honest.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench.errors import BenchError
from janus_bench.home import home

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

REMEDY = "pip install cryptography"


def key_file() -> Path:
    """The file of the private key, PEM (PKCS #8)."""
    return home() / "publisher-key.pem"


def can_sign() -> bool:
    """Whether the extra is installed."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        return False
    return True


def canonical(value: Any) -> bytes:
    """One spelling for equal JSON values, on which a hash or a signature can stand."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with the `key` and the `signature` that cover the rest of it; as it came where none can be made."""
    if not can_sign():
        return value
    key, signature = sign(canonical(value))
    return {**value, "key": key, "signature": signature}


def holds(value: dict[str, Any]) -> bool:
    """Whether a signed JSON object is what its key signed; False without a signature. Needs the extra."""
    unsigned = {name: part for name, part in value.items() if name not in ("key", "signature")}
    return verify(canonical(unsigned), str(value.get("key", "")), str(value.get("signature", "")))


def sign(message: bytes) -> tuple[str, str]:
    """(public key, signature) in Base64. Raises BenchError where the key cannot be read or made."""
    key = _own_key()
    return _text(key.public_key().public_bytes_raw()), _text(key.sign(message))


def verify(message: bytes, public_key: str, signature: str) -> bool:
    """Whether `signature` is that of `message` under `public_key`; False for what is neither. Needs the extra."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True)).verify(
            base64.b64decode(signature, validate=True), message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def own_public_key() -> str | None:
    """This user's public key in Base64; None where there is no key yet, or none that can be read."""
    try:
        return _text(_read(key_file()).public_key().public_bytes_raw()) if key_file().exists() else None
    except BenchError:
        return None


def _own_key() -> Ed25519PrivateKey:
    path = key_file()
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """A new key, readable for its owner alone from its first byte on. Of two that are made at once, one stays."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(pem)
        if not path.exists():
            os.replace(part, path)
    except OSError as error:
        raise BenchError(f"cannot keep the publisher's key in {path}: {error.strerror}", "Set JANUS_HOME.") from None
    finally:
        part.unlink(missing_ok=True)


def _read(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        remedy = "Move it away: the next publication makes a new key, under which older ones still verify."
        raise BenchError(f"cannot read the publisher's key {path}: {error}", remedy) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BenchError(f"{path} is not an Ed25519 key", "Move it away: the next publication makes a new one.")
    return key


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
