"""A chat request that is too large for the event loop: its bytes, and what worker processes find in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from janus_platform.contract import InferenceLimits, Parameter
from janus_platform.processes.workers import JobFailedError, TooManyJobsError, Workers
from janus_platform.services.inference.errors import ApiError

_JOBS = "janus_platform.services.inference.large_jobs"


@dataclass(frozen=True)
class LargeBody:
    """A body that is not parsed in this process."""

    body: bytes
    workers: Workers
    parameters: tuple[Parameter, ...]
    limits: InferenceLimits

    async def run(self, job: str, **options: Any) -> tuple[dict[str, Any], bytes]:
        """The result of a job of large_jobs.py. Raises ApiError: the body's fault, or that it is too much."""
        try:
            head, rest = await self.workers.run(
                f"{_JOBS}:{job}", self.body, parameters=self.parameters, limits=self.limits, **options
            )
        except TooManyJobsError:
            message = "Other large requests are being worked on. Send this one again in a moment."
            raise ApiError(503, message, code="busy", headers={"Retry-After": "1"}) from None
        except JobFailedError as error:
            message = f"The request is too much to work on: {error}. Send less."
            raise ApiError(400, message, code="request_too_large") from None
        if "error" in head:
            raise ApiError(**head["error"])
        return head, rest
