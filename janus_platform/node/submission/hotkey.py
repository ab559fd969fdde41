"""A miner's hotkey: a public key of 32 bytes in SS58, the address format of Substrate chains.

Base58 of a prefix byte that names the network, the key, and the first two bytes of
BLAKE2b-512("SS58PRE" ‖ prefix ‖ key) (Substrate documentation, "SS58 address format"). The check says that the address
was copied whole; whether it is registered on the chain, nobody looks up here.
"""

from __future__ import annotations

import hashlib

from janus_platform.contract import Submission

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_KEY_BYTES, _CHECK_BYTES = 32, 2
_LENGTH = 1 + _KEY_BYTES + _CHECK_BYTES
# Of network 42, whose number fills the first byte, every address has as many.
CHARACTERS = 48


def check_hotkey(text: str, rules: Submission) -> None:
    """Raises ValueError, whose message says what is wrong with `text` and what to do."""
    if not text.startswith(rules.hotkey_starts_with):
        raise ValueError(f"it does not start with {rules.hotkey_starts_with}; give the SS58 address of the hotkey")
    if odd := next((letter for letter in text if letter not in _ALPHABET), None):
        raise ValueError(f"{odd!a} cannot occur in an SS58 address; copy it again, without spaces")
    raw = _decoded(text) if len(text) == CHARACTERS else None
    if raw is None:
        raise ValueError(f"it has {len(text)} characters and is not a key of {_KEY_BYTES} bytes; copy all {CHARACTERS}")
    if raw[-_CHECK_BYTES:] != checksum(raw[:-_CHECK_BYTES]):
        raise ValueError("its checksum does not match, so at least one character is wrong; copy it again")
    if raw[0] != rules.ss58_format:
        raise ValueError(f"it belongs to network {raw[0]}, not to {rules.ss58_format}; give the address for Bittensor")


def ss58(key: bytes, network: int) -> str:
    """The address of a 32-byte public key on a network of number 0 to 63."""
    body = bytes([network]) + key
    number = int.from_bytes(body + checksum(body), "big")
    letters = ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    return letters


def checksum(body: bytes) -> bytes:
    """The two bytes that follow prefix and key."""
    return hashlib.blake2b(b"SS58PRE" + body, digest_size=64).digest()[:_CHECK_BYTES]


def _decoded(text: str) -> bytes | None:
    number = 0
    for letter in text:
        number = number * 58 + _ALPHABET.index(letter)
    try:
        return number.to_bytes(_LENGTH, "big")
    except OverflowError:
        return None
