"""The measurements of one start, taken before the process exists, and what has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from janus_platform.attestation import EventLog, measure
from janus_platform.attestation.registers import Event
from janus_platform.contract import Contract
from janus_platform.node.sandbox import Sandbox

# Measures a start whose environment has these variables.
Measurer = Callable[[Iterable[str]], "Measured"]


class Measured:
    """The event log of one start. `again` extends it when the code on disk is no longer what was measured."""

    def __init__(self, folder: Path, log: EventLog) -> None:
        self._folder, self.log = folder, log
        self._code = log.of(measure.CODE)

    def again(self) -> EventLog:
        """Measure the code once more; a difference is logged for good, even if it is undone later. Raises OSError."""
        events = measure.code(self._folder)
        values = {event.name: event.value for event in events}
        for name, what in measure.changes(self._code, events):
            self.log.add(Event(measure.CODE, name, f"{what} while running, {values.get(name, 'nothing left')}"))
        self._code = events
        return self.log


def measurer(sandbox: Sandbox, limits: Mapping[str, int], contract: Contract) -> Measurer:
    """What measures a start in `sandbox`; it is told the names of the environment variables.

    `limits` are those that the implementation really gets.
    """

    def measured(environment: Iterable[str]) -> Measured:
        log, folder, command = EventLog(contract.attestation.registers), sandbox.folder, sandbox.command
        for event in (
            *measure.code(folder),
            *measure.dependencies(folder, sandbox.program.command, sandbox.packages),
            *measure.configuration(command, environment, limits, sandbox.evidence()),
            *measure.egress(contract.egress.allowed_hosts, contract.egress.allowed_port),
        ):
            log.add(event)
        return Measured(folder, log)

    return measured
