"""Who is calling: caller ids, the tokens that prove them to the egress proxy, and the keys that inference accepts.

Everything is derived from one secret that lives only in the platform's memory, so nothing has to be stored or revoked:
when the platform ends, every token and key ends with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

_CALLER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY = re.compile(r"cpk_local_([a-z0-9][a-z0-9-]{0,62})_([0-9a-f]{32})")


class Callers:
    """Issues and checks the credentials of callers."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def token(self, caller: str) -> str:
        """The password that goes with `caller` in the proxy URL. Raises ValueError when the id is malformed."""
        return self._mark("egress", check_caller(caller))

    def key(self, caller: str) -> str:
        """The `CHUTES_API_KEY` of `caller`. Raises ValueError when the id is malformed."""
        return f"cpk_local_{check_caller(caller)}_{self._mark('inference', caller)}"

    def accepts_key(self, key: str) -> bool:
        """Whether this platform issued `key`."""
        match = _KEY.fullmatch(key)
        return match is not None and hmac.compare_digest(self._mark("inference", match[1]), match[2])

    def identify(self, authorization: str) -> str | None:
        """The caller that a `Proxy-Authorization: Basic …` value proves (RFC 7617), or None."""
        scheme, _, credentials = authorization.strip().partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            caller, _, token = base64.b64decode(credentials.strip(), validate=True).decode("ascii").partition(":")
        except ValueError:  # not Base64, or not ASCII
            return None
        if not _CALLER.fullmatch(caller) or not token.isascii():
            return None
        return caller if hmac.compare_digest(self._mark("egress", caller), token) else None

    def _mark(self, purpose: str, caller: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{caller}".encode(), hashlib.sha256).hexdigest()[:32]


def check_caller(caller: str) -> str:
    """`caller`, if it is a well-formed id. Raises ValueError otherwise."""
    if not _CALLER.fullmatch(caller):
        raise ValueError(
            "a caller id is 1 to 63 lower-case letters, digits and hyphens, and does not start with a hyphen"
        )
    return caller
