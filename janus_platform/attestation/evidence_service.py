"""The evidence service: one request at a time, so many a minute for each implementation, each nonce checked."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from janus_platform.attestation.errors import EvidenceRateError, NotMeasuredError
from janus_platform.attestation.evidence import check_nonce, make_evidence
from janus_platform.attestation.identity import Identity, node_identity
from janus_platform.attestation.registers import EventLog
from janus_platform.clock import Clock
from janus_platform.contract import Contract

EventLogs = Callable[[str], Awaitable[Mapping[str, EventLog]]]


class EvidenceService:
    """The source of evidence. `event_logs` returns what was measured of an implementation; `folder` has the keys."""

    def __init__(
        self,
        contract: Contract,
        event_logs: EventLogs,
        folder: Path,
        clock: Clock,
        utc_now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._contract, self._event_logs, self._folder = contract, event_logs, folder
        self._clock, self._utc_now = clock, utc_now
        self._one_at_a_time = asyncio.Lock()
        self._asked: dict[str, deque[float]] = {}

    async def evidence(self, name: str, nonce: object) -> dict[str, Any]:
        """The evidence of implementation `name` for `nonce`.

        Raises NonceError, EvidenceRateError, NotMeasuredError, and what `event_logs` raises.
        """
        wanted = check_nonce(nonce, self._contract)
        async with self._one_at_a_time:
            logs = await self._event_logs(name)
            if not logs:
                raise NotMeasuredError(f"No node of {name} was measured here, so there is no evidence of it.")
            self._count(name)
            return await asyncio.to_thread(self._signed, name, wanted, logs)

    def _signed(self, name: str, nonce: str, logs: Mapping[str, EventLog]) -> dict[str, Any]:
        now = self._utc_now()
        identity: Identity = node_identity(self._folder, now)
        return make_evidence(name, nonce, logs, identity, self._contract, now)

    def _count(self, name: str) -> None:
        limit, now = self._contract.attestation.rate_limit, self._clock.now()
        asked_at = self._asked.setdefault(name, deque())
        while asked_at and asked_at[0] <= now - limit.per_seconds:
            asked_at.popleft()
        if len(asked_at) >= limit.requests:
            raise EvidenceRateError(name, math.ceil(asked_at[0] + limit.per_seconds - now))
        asked_at.append(now)
