"""Who may use the gateway, as `janus up` was told: API keys and the web origins let in. Both are optional.

A key is turned into its SHA-256 where it is given; the platform's process gets digests alone, in its environment, and
takes them out of there when it starts. No key stands in an argument list, a file or a log.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from janus_platform.errors import PlatformError

KEYS_VARIABLE = "JANUS_API_KEYS"
HANDED_VARIABLE = "JANUS_GATEWAY_ACCESS"
ANY_ORIGIN = "*"
MAX_KEYS = 1_000
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ORIGIN = re.compile(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?")


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
        return cls(tuple(sorted(set(map(digest, every_key)))), tuple(sorted(set(map(_origin, origins)))))

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


def _from_file(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformError(f"Cannot read the API keys in {path}: {getattr(error, 'strerror', 'no text')}.") from error
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:  # An empty file must not open the gateway.
        raise PlatformError(f"{path} holds no API key. Write one a line.")
    return keys


def _from_environment() -> list[str]:
    given = os.environ.get(KEYS_VARIABLE)
    if given is None:
        return []
    keys = [key.strip() for key in given.split(",") if key.strip()]
    if not keys:
        raise PlatformError(f"${KEYS_VARIABLE} is set but holds no key. Unset it for a gateway without keys.")
    return keys


def _origin(origin: str) -> str:
    lower = origin.strip().rstrip("/").lower()
    if lower != ANY_ORIGIN and not _ORIGIN.fullmatch(lower):
        raise PlatformError(f"{origin[:100]!r} is not an origin. Write one such as https://app.example:8443, or *.")
    return lower
