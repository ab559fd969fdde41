"""Who may ask: optional API keys, and the pages of other origins that a browser may let in. Both are closed by default.

Of a key only its SHA-256 is kept, and it is compared in constant time; neither key nor digest is ever logged.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlsplit

from janus_platform.gateway import errors

Headers = list[tuple[bytes, bytes]]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ANY_ORIGIN = "*"
PREFLIGHT_SECONDS = 600
EXPOSED = b"x-request-id, traceparent, server-timing, x-janus-implementation, retry-after"
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]{1,255}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Names of request headers that a preflight asks for (RFC 9110, section 5.1).
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}")


def digest(key: str) -> str:
    """What is kept of an API key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def checked_origin(origin: str) -> str:
    """An origin such as `https://app.example` or `*`, in lower case. Raises ValueError for anything else."""
    lower = origin.strip().rstrip("/").lower()
    if lower != ANY_ORIGIN and not _ORIGIN.fullmatch(lower):
        raise ValueError(f"{origin[:100]!r} is not an origin. Write one such as https://app.example:8443, or *.")
    return lower


class Access:
    """Checks a request's key and origin. `digests` of the valid keys: with none, no key is needed.

    Raises ValueError for a digest or an origin that is none.
    """

    def __init__(self, digests: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._digests = [one.encode() for one in digests]
        if not all(_DIGEST.fullmatch(one.decode("latin-1")) for one in self._digests):
            raise ValueError("a key's digest is 64 hexadecimal digits")
        self._origins = frozenset(map(checked_origin, origins))

    @property
    def needs_key(self) -> bool:
        """Whether requests must carry a key."""
        return bool(self._digests)

    def check_key(self, path: str, headers: Mapping[str, str], open_paths: Collection[str]) -> None:
        """Raise GatewayError 401 unless the request carries a valid key, or needs none."""
        if not self._digests or path in open_paths:
            return
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise errors.unauthorized("This gateway needs an API key.")
        found = digest(key.strip()).encode()
        # Every digest is compared, so that the time says nothing about which one was close.
        if not sum(hmac.compare_digest(found, known) for known in self._digests):
            raise errors.unauthorized("This API key is not valid here.")

    def check_origin(self, headers: Mapping[str, str]) -> Headers:
        """The CORS headers of the answer; raises GatewayError 403 for a page of an origin that is not let in.

        A page elsewhere can send a request without asking first, so it is refused rather than answered unread. The
        gateway's own pages come from a loopback name: a foreign name that resolves to this machine (DNS rebinding)
        makes no page its own.
        """
        origin = headers.get("origin")
        if origin is None:
            return []
        if self._allowed(origin):
            return [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", EXPOSED),
                (b"vary", b"origin"),
            ]
        if not _is_own(origin, headers.get("host", "")):
            raise errors.foreign_origin()
        return []

    def preflight(self, headers: Mapping[str, str]) -> Headers | None:
        """The headers that answer a preflight (Fetch, section 3.2.2) of an origin that is let in, or None."""
        origin, method = headers.get("origin"), headers.get("access-control-request-method")
        if origin is None or method is None or not self._allowed(origin):
            return None
        asked = headers.get("access-control-request-headers", "")
        more = [(b"access-control-allow-headers", asked.encode("latin-1"))] if _NAMES.fullmatch(asked) else []
        if headers.get("access-control-request-private-network") == "true":
            more.append((b"access-control-allow-private-network", b"true"))
        return [
            *self.check_origin(headers),
            (b"access-control-allow-methods", b"GET, HEAD, POST"),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
            *more,
        ]

    def _allowed(self, origin: str) -> bool:
        return origin.lower() in self._origins or (ANY_ORIGIN in self._origins and bool(_ORIGIN.fullmatch(origin)))


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.netloc == host and parts.hostname in LOOPBACK
    except ValueError:
        return False
