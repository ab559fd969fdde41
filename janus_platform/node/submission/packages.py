"""The packages of a submission, as lines of its checklist: which are here, which were installed, why one cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from janus_platform.node.packages.environments import Environment, Environments, Progress
from janus_platform.node.packages.errors import PackagesError
from janus_platform.node.packages.plan import read_plan
from janus_platform.node.submission.checks import Check, SubmissionRefusedError

CHECK = "packages of requirements.txt"
_SHOWN = 12


@asynccontextmanager
async def packages_of(
    folder: Path | None, environments: Environments, checks: list[Check], name: str, progress: Progress
) -> AsyncIterator[Environment | None]:
    """The environment that the copied folder asks for, installed if need be, and safe from being swept in the block.

    None where nothing has to be installed. A line is added to `checks`. Raises SubmissionRefusedError; then nothing of
    it is left.
    """
    async with AsyncExitStack() as stack:
        try:
            plan = await asyncio.to_thread(read_plan, folder, environments.rules) if folder else None
            own = None
            if plan is not None and plan.missing:
                own = await stack.enter_async_context(environments.made(plan, progress))
        except PackagesError as error:
            checks.append(Check(CHECK, "failed", str(error)))
            raise SubmissionRefusedError(name, checks) from error
        if plan is not None:
            checks.append(Check(CHECK, "passed", _said(plan.here, own)))
        yield own


def _said(here: tuple[str, ...], own: Environment | None) -> str:
    parts = []
    if own is not None:
        parts.append(f"installed {_listed(own.names())} ({own.size_bytes:,} bytes)" if own.listing else "")
    if here:
        parts.append(f"here with the platform: {_listed(list(here))}")
    return "; ".join(filter(None, parts)) or "nothing to install"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
