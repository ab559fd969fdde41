"""Golden values: what the registers of an implementation are known to be when nothing has been tampered with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.registers import EventLog
from janus_platform.attestation.token import json_object
from janus_platform.contract import Contract
from janus_platform.stored_files import write_whole

VERSION = 1
MAX_GOLDEN_BYTES = 8_000_000


@dataclass(frozen=True)
class Golden:
    """The event log of a known good implementation; its registers follow from it."""

    name: str
    log: EventLog

    def save(self, path: Path) -> None:
        """Write the golden values to `path`, whole or not at all. Raises AttestationError."""
        content = {"janus_golden": VERSION, "simulated": True, "implementation": self.name}
        content |= {"registers": self.log.registers(), "event_log": self.log.plain()}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            raise AttestationError(f"Cannot write the golden values to {path}: {error.strerror}.") from error

    @classmethod
    def load(cls, path: Path, contract: Contract) -> Golden:
        """Read golden values. Raises AttestationError when they are missing, damaged or contradict themselves."""
        try:
            with path.open("rb") as file:
                content = file.read(MAX_GOLDEN_BYTES + 1)
        except OSError as error:
            raise AttestationError(
                f"Cannot read the golden values in {path}: {error.strerror}. `janus verify NAME --save-golden` makes "
                "them, at a moment when you trust what runs."
            ) from error
        try:
            return cls._read(json_object(content, "file"), contract)
        except AttestationError as error:
            raise AttestationError(f"{path} holds no golden values: {error}. Save them again.") from error

    @classmethod
    def _read(cls, content: dict[str, Any], contract: Contract) -> Golden:
        if content.get("janus_golden") != VERSION or not isinstance(content.get("implementation"), str):
            raise AttestationError(f"janus_golden is not {VERSION}, or no implementation is named")
        log = EventLog.read(contract.attestation.registers, content.get("event_log"))
        if log.registers() != content.get("registers"):
            raise AttestationError("its event log does not lead to its registers")
        return cls(content["implementation"], log)
