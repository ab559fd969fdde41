"""Who may ask: optional API keys, and the pages of other origins that a browser may let in. Both are closed by default.

Of a key only its SHA-256 is kept, and it is compared in constant time; neither key nor digest is ever logged.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from janus_platform.gateway import errors
from janus_platform.gateway.access_rules import ANY_ORIGIN, AccessRules, digest

Headers = list[tuple[bytes, bytes]]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PREFLIGHT_SECONDS = 600
EXPOSED = b"x-request-id, traceparent, server-timing, x-janus-implementation, retry-after, retry-after-ms"
# What a browser sends: anything else is not repeated in an answer's head.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,255}")
# Names of request headers that a preflight asks for (RFC 9110, section 5.1).
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}")


class Access:
    """Checks a request's key and origin against the rules that the platform was started with."""

    def __init__(self, rules: AccessRules | None = None) -> None:
        rules = rules or AccessRules()
        self._digests = [one.encode() for one in rules.digests]
        self._origins = frozenset(rules.origins)

    def check_key(self, path: str, headers: Mapping[str, str], open_paths: Collection[str]) -> None:
        """Raise ResponseError 401 unless the request carries a valid key, or needs none."""
        if not self._digests or path in open_paths:
            return
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise errors.unauthorized("This gateway needs an API key.")
        given = digest(key.strip()).encode()
        # Every digest is compared, so that the time says nothing about which one was close.
        if not sum(hmac.compare_digest(given, known) for known in self._digests):
            raise errors.unauthorized("This API key is not valid here.")

    def check_origin(self, headers: Mapping[str, str]) -> Headers:
        """The CORS headers of the answer; raises ResponseError 403 for a page of an origin that is not let in.

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
        """The headers that answer a preflight (Fetch, section 3.2.2) of an origin that is let in.

        None for what is no preflight; raises ResponseError 403 for an origin that is not let in.
        """
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        allowed = self.check_origin(headers)
        if not allowed:
            return None
        wanted_headers = headers.get("access-control-request-headers", "")
        more = []
        if _NAMES.fullmatch(wanted_headers):
            more.append((b"access-control-allow-headers", wanted_headers.encode("latin-1")))
        if headers.get("access-control-request-private-network") == "true":
            more.append((b"access-control-allow-private-network", b"true"))
        return [
            *allowed,
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
