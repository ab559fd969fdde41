"""Measurement registers that can only be extended, and the event log from which a verifier computes them again.

A register starts as 48 zero bytes. Extending it replaces its value by SHA-384(value ‖ digest of the event), as Intel
TDX does with its run-time measurement registers (RTMR). So a register stands for all its events and their order; the
log itself needs no signature, because a log that was changed no longer leads to the signed registers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from janus_platform.attestation.errors import AttestationError

REGISTER_BYTES = 48
START = bytes(REGISTER_BYTES)
# A snapshot has at most 2,000 files; packages, settings and later changes come on top.
MAX_EVENTS = 20_000
MAX_TEXT = 4_096


@dataclass(frozen=True)
class Event:
    """One measured thing: the register it goes into, what it is, and its value or the digest of its content."""

    register: str
    name: str
    value: str

    @property
    def digest(self) -> bytes:
        """SHA-384 over the event as a JSON array, so that no two different events share an encoding."""
        return sha384(json.dumps([self.register, self.name, self.value], ensure_ascii=True).encode())


def sha384(content: bytes) -> bytes:
    """SHA-384 of `content`, 48 bytes."""
    return hashlib.sha384(content).digest()


def extend(value: bytes, event: Event) -> bytes:
    """The register's next value: 48 bytes."""
    return sha384(value + event.digest)


class EventLog:
    """Measured events in their order, and the registers that they lead to. `names` are all registers there are."""

    def __init__(self, names: Sequence[str], events: Iterable[Event] = ()) -> None:
        self.events: list[Event] = []
        self._values = dict.fromkeys(names, START)
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Extend the event's register. Raises AttestationError when there is no such register."""
        if event.register not in self._values:
            raise AttestationError(f"There is no register {event.register[:80]!r}.")
        self._values[event.register] = extend(self._values[event.register], event)
        self.events.append(event)

    def of(self, register: str) -> list[Event]:
        """The events of one register, in their order."""
        return [event for event in self.events if event.register == register]

    def registers(self) -> dict[str, str]:
        """Each register's value, in hexadecimal."""
        return {name: value.hex() for name, value in self._values.items()}

    def plain(self) -> list[dict[str, str]]:
        """The log as JSON data."""
        return [asdict(event) for event in self.events]

    @classmethod
    def read(cls, names: Sequence[str], data: Any) -> EventLog:
        """The log that `plain` wrote. Raises AttestationError for anything else: it comes from outside."""
        if not isinstance(data, list) or len(data) > MAX_EVENTS:
            raise AttestationError(f"an event log is a list of at most {MAX_EVENTS:,} events")
        return cls(names, map(_event, data))


def _event(data: Any) -> Event:
    if not isinstance(data, dict) or set(data) != {"register", "name", "value"}:
        raise AttestationError("an event has register, name and value, and nothing else")
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in data.values()):
        raise AttestationError(f"register, name and value are texts of at most {MAX_TEXT:,} characters")
    return Event(**data)
