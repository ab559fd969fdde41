"""Who is calling: caller ids, the tokens that prove them to the egress proxy, and the keys that inference accepts.

Everything is derived from one secret that lives only in the platform's memory, so nothing has to be stored or revoked:
when the platform ends, every token and key ends with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from janus_platform.errors import PlatformError

_CALLER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY = re.compile(r"cpk_local_([a-z0-9][a-z0-9-]{0,62})_([0-9a-f]{32})")


# How often a caller's credentials may be rotated within one grace period.
MAX_OLD = 8


class Callers:
    """Issues and checks the credentials of callers.

    `now` is a caller's time in seconds. Credentials have generations: `issue` begins a new one, `retire` starts the
    grace period of those before it, `withdraw` takes the new one back.
    """

    def __init__(
        self, secret: bytes | None = None, *, now: Callable[[str], float] = lambda _: 0.0, grace_seconds: float = 0.0
    ) -> None:
        self._secret, self._now, self._grace = secret or secrets.token_bytes(32), now, grace_seconds
        self._generations: dict[str, _Generations] = {}

    def token(self, caller: str) -> str:
        """The password that goes with `caller` in the proxy URL. Raises ValueError when the id is malformed."""
        return self._mark("egress", check_caller(caller), self._of(caller).current)

    def key(self, caller: str) -> str:
        """The `CHUTES_API_KEY` of `caller`. Raises ValueError when the id is malformed."""
        return f"cpk_local_{check_caller(caller)}_{self._mark('inference', caller, self._of(caller).current)}"

    def accepts_key(self, key: str) -> bool:
        """Whether this platform issued `key` and it is still valid."""
        match = _KEY.fullmatch(key)
        return match is not None and self._accepts("inference", match[1], match[2])

    def issue(self, caller: str) -> None:
        """Begin a new generation of the caller's credentials; the ones before stay valid until `retire`.

        Raises ValueError when the id is malformed, PlatformError when too many old ones are valid.
        """
        generations = self._generations.setdefault(check_caller(caller), _Generations())
        generations.forget(self._now(caller))
        if len(generations.old) >= MAX_OLD:
            raise PlatformError(
                f"The keys of {caller} were rotated {MAX_OLD} times within {self._grace:g} seconds. Wait that long."
            )
        generations.old[generations.current] = math.inf
        generations.issued += 1
        generations.current = generations.issued

    def retire(self, caller: str) -> None:
        """Let every generation before the current one end after the grace period."""
        generations, end = self._of(caller), self._now(caller) + self._grace
        generations.old = {number: min(until, end) for number, until in generations.old.items()}

    def withdraw(self, caller: str) -> None:
        """Undo the latest `issue` that was not retired: its credentials are never valid again."""
        generations = self._of(caller)
        if waiting := [number for number, until in generations.old.items() if until == math.inf]:
            generations.current = max(waiting)
            del generations.old[generations.current]

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
        return caller if self._accepts("egress", caller, token) else None

    def _of(self, caller: str) -> _Generations:
        return self._generations.get(caller) or _Generations()

    def _accepts(self, purpose: str, caller: str, mark: str) -> bool:
        generations = self._of(caller)
        generations.forget(self._now(caller))
        valid = (generations.current, *generations.old)
        # Every generation is compared, so that the time says nothing about which one was close.
        return bool(sum(hmac.compare_digest(self._mark(purpose, caller, number), mark) for number in valid))

    def _mark(self, purpose: str, caller: str, generation: int) -> str:
        return hmac.new(self._secret, f"{purpose}:{generation}:{caller}".encode(), hashlib.sha256).hexdigest()[:32]


@dataclass
class _Generations:
    """The current generation, and until when each older one is valid."""

    current: int = 0
    issued: int = 0
    old: dict[int, float] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Drop what is no longer valid."""
        self.old = {number: until for number, until in self.old.items() if now < until}


def check_caller(caller: str) -> str:
    """`caller`, if it is a well-formed id. Raises ValueError otherwise."""
    if not _CALLER.fullmatch(caller):
        raise ValueError(
            "a caller id is 1 to 63 lower-case letters, digits and hyphens, and does not start with a hyphen"
        )
    return caller
