"""Who may use the gateway: optional API keys, and the pages of other origins that a browser may let in.

Both are closed by default. A key is turned into its SHA-256 where it is given to `janus up`; the platform's process
gets digests alone, in its environment, and takes them out of there when it starts. Keys are compared in constant time;
no key stands in an argument list, a file or a log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from janus_platform.errors import PlatformError
from janus_platform.gateway import errors

Headers = list[tuple[bytes, bytes]]

KEYS_VARIABLE = "JANUS_API_KEYS"
HANDED_VARIABLE = "JANUS_GATEWAY_ACCESS"
ANY_ORIGIN = "*"
MAX_KEYS = 1_000
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ORIGIN_GIVEN = re.compile(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PREFLIGHT_SECONDS = 600
EXPOSED = b"x-request-id, traceparent, server-timing, x-janus-implementation, retry-after, retry-after-ms"
# What a browser sends: anything else is not repeated in an answer's head.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,255}")
# Names of request headers that a preflight asks for (RFC 9110, section 5.1).
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}")


def digest(key: str) -> str:
    """What is kept of an API key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class AccessRules:
    """Digests of the keys that are valid, and origins whose pages may ask; empty: no key needed, no other origin."""

    digests: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, keys: Iterable[str] = (), key_file: Path | None = None, origins: Iterable[str] = ()) -> AccessRules:
        """The rules for these keys, those in `key_file` (one a line) and those in $JANUS_API_KEYS (between commas).

        Raises PlatformError for what is no key or no origin, and for a file that cannot be read or holds none.
        """
        every_key = [*keys, *_from_file(key_file), *_from_environment()]
        if len(every_key) > MAX_KEYS:
            raise PlatformError(f"That is more than {MAX_KEYS:,} API keys.")
        for key in every_key:
            if not _KEY.fullmatch(key):
                raise PlatformError(
                    "An API key is 1 to 200 visible ASCII characters, without spaces. Make another one."
                )
        return cls(tuple(sorted(set(map(digest, every_key)))), tuple(sorted(set(map(_checked_origin, origins)))))

    @property
    def mark(self) -> str:
        """A short text that differs where the rules do; empty for an open gateway."""
        if not (self.digests or self.origins):
            return ""
        return hashlib.sha256(self._handed().encode()).hexdigest()[:16]

    def hand_to(self, environment: MutableMapping[str, str]) -> None:
        """Put the rules, and no key, into the environment of the platform's process."""
        environment.pop(KEYS_VARIABLE, None)
        environment[HANDED_VARIABLE] = self._handed()

    @classmethod
    def handed(cls, environment: MutableMapping[str, str] = os.environ) -> AccessRules:
        """The rules that this process was started with; they are gone from `environment` afterwards."""
        environment.pop(KEYS_VARIABLE, None)
        given = json.loads(environment.pop(HANDED_VARIABLE, "[[], []]"))
        return cls(tuple(given[0]), tuple(given[1]))

    def _handed(self) -> str:
        return json.dumps([self.digests, self.origins])


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


def _from_file(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformError(f"Cannot read the API keys in {path}: {getattr(error, 'strerror', 'no text')}.") from error
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:  # An empty file must not open the gateway.
        raise PlatformError(f"{path} contains no API key. Write one per line.")
    return keys


def _from_environment() -> list[str]:
    given = os.environ.get(KEYS_VARIABLE)
    if given is None:
        return []
    keys = [key.strip() for key in given.split(",") if key.strip()]
    if not keys:
        raise PlatformError(f"${KEYS_VARIABLE} is set but contains no key. Unset it to run the gateway without keys.")
    return keys


def _checked_origin(origin: str) -> str:
    lower = origin.strip().rstrip("/").lower()
    if lower != ANY_ORIGIN and not _ORIGIN_GIVEN.fullmatch(lower):
        raise PlatformError(f"{origin[:100]!r} is not an origin. Write one such as https://app.example:8443, or *.")
    return lower
