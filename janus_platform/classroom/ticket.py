"""A learner's ticket: where the classroom is, who the learner is, and how to know that it is the right classroom.

    janus://learner-07:abcd-efgh-ijkm-npqr-stuv@192.168.1.5:8443/wxyz-2345-6789-abcd-efgh

The secret proves the learner to the classroom; the fingerprint, after the slash, the classroom to the learner. Both
have 100 random bits, in letters and digits that nobody mixes up on paper.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from dataclasses import dataclass

from janus_platform.errors import PlatformError

SCHEME = "janus"
# Without l, o, 0 and 1.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 5, 4
_CODE = rf"[{_ALPHABET}]{{{_GROUP}}}(?:-[{_ALPHABET}]{{{_GROUP}}}){{{_GROUPS - 1}}}"
_HOST = r"\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253}"
_TICKET = re.compile(rf"{SCHEME}://(learner-\d{{2,3}}):({_CODE})@({_HOST}):(\d{{1,5}})/({_CODE})")


@dataclass(frozen=True, repr=False)
class Ticket:
    """What is printed on a learner's card. `host` is a name or an address without brackets."""

    learner: str
    secret: str
    host: str
    port: int
    fingerprint: str

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """The ticket that `text` is. Raises PlatformError for anything else, without repeating it."""
        parts = _TICKET.fullmatch(text.strip().lower())
        if parts is None or not 0 < int(parts[4]) <= 65_535:
            raise PlatformError(
                "This is not a ticket for a classroom. Copy the whole line from your card; it begins with "
                f"{SCHEME}://learner- and ends with five groups of four letters and digits."
            )
        return cls(parts[1], parts[2], parts[3].strip("[]"), int(parts[4]), parts[5])

    @property
    def address(self) -> str:
        """Host and port, as they stand in an address."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def shown(self) -> str:
        """The ticket without its secret."""
        return f"{self.learner} at {self.address}"

    def __str__(self) -> str:
        return f"{SCHEME}://{self.learner}:{self.secret}@{self.address}/{self.fingerprint}"

    def __repr__(self) -> str:
        return f"<Ticket of {self.shown}>"


def new_secret() -> str:
    """A secret of 100 random bits."""
    return _grouped("".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP)))


def fingerprint(certificate: bytes) -> str:
    """The first 100 bits of a DER certificate's SHA-256, in the ticket's letters."""
    number = int.from_bytes(hashlib.sha256(certificate).digest()[:13]) >> 4
    return _grouped("".join(_ALPHABET[number >> 5 * index & 31] for index in reversed(range(_GROUPS * _GROUP))))


def bracketed(host: str) -> str:
    """`host` as it stands in an address: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
