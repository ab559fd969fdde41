"""Which implementations there are, and what becomes of a submission: the gateway's directory, kept by the node.

An implementation starts when it is first asked for; the baseline starts with the platform. A resubmission replaces its
predecessor only once it runs and has passed its trial; the predecessor then finishes what it is answering.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from janus_platform.attestation import EventLog
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import NotDeployed, NotReady, Upstream
from janus_platform.node.fleet import Fleet
from janus_platform.node.form import check_form
from janus_platform.node.instance import Instance
from janus_platform.node.node import Node, Spec, python_command
from janus_platform.node.registry import Registration, Registry
from janus_platform.node.snapshot import SnapshotError, take_snapshot
from janus_platform.node.trial import Check, try_out

DEFAULT_ENTRY = "main.py"
MAX_INSTANCES = 16


class SubmissionRefused(PlatformError):
    """A check failed and nothing was deployed; `checks` is the checklist up to there, as plain data."""

    def __init__(self, name: str, checks: Sequence[Check]) -> None:
        failed = "; ".join(f"{c.check}: {c.detail}" for c in checks if c.result == "failed")
        super().__init__(f"{name[:80]} was not deployed. {failed}")
        self.checks = [check.plain() for check in checks]


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Deployments:
    """The implementations of one platform. `bundled` maps the names of those that come with it to their folders.

    `home` holds the platform's copies of submitted folders; `baseline` is one of `bundled`.
    """

    def __init__(
        self,
        node: Node,
        registry: Registry,
        *,
        bundled: Mapping[str, Path],
        baseline: str,
        home: Path,
        utc_now: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self.baseline = baseline
        self._node, self._registry, self._utc_now, self._home = node, registry, utc_now, home
        self._bundled = dict(bundled)
        self._registered = {registration.name: registration for registration in registry.all()}
        self._fleets: dict[str, Fleet] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._retiring: dict[Fleet, asyncio.Task[None]] = {}
        models = {m for s in node.contract.services.values() for family in s.model_families.values() for m in family}
        self._reserved = {node.contract.gateway.default_model, *(m.lower() for m in models), *bundled}

    async def start(self) -> None:
        """Start the baseline. Raises PlatformError with the end of its log when it cannot be."""
        try:
            await self.upstream(self.baseline)
        except NotReady as error:
            raise PlatformError(f"The baseline {self.baseline} does not start: {error}") from error

    def names(self) -> list[str]:
        """Bundled implementations first, then the submitted ones in their order."""
        return [*self._bundled, *self._registered]

    def describe(self) -> list[dict[str, Any]]:
        """Each implementation as plain data: origin, form, state and isolation."""
        return [self._describe(name) for name in self.names()]

    async def upstream(self, name: str) -> Upstream:
        """Where one node of `name` listens, started if need be. Raises NotDeployed or NotReady."""
        return (await self.upstreams(name))[0]

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        """Where the nodes of `name` listen, started if need be. Raises NotDeployed or NotReady."""
        fleet = self._fleets.get(name)
        if fleet is None:
            fleet = self._fleets[name] = self._fleet(self._spec(name), self._instances_of(name))
        return await fleet.upstreams()

    async def submit(
        self,
        path: str | Path,
        name: str,
        *,
        entry: str = DEFAULT_ENTRY,
        command: Sequence[str] = (),
        instances: int = 1,
        hotkey: str = "",
        source: str = "",
        license: str = "",
        description: str = "",
    ) -> dict[str, Any]:
        """Copy the folder at `path`, run it, try it out and deploy it as `name`, on `instances` nodes.

        It runs as `python <entry>` inside the folder, or as `command`. Returns `{"name", "replaced", "isolation",
        "checks"}`. Raises SubmissionRefused when a check fails; then nothing has changed.
        """
        if isinstance(instances, bool) or not isinstance(instances, int) or not 1 <= instances <= MAX_INSTANCES:
            raise PlatformError(f"instances is a number from 1 to {MAX_INSTANCES}.")
        form = {"hotkey": hotkey, "source": source, "license": license, "description": description}
        checks = check_form(Path(path), name, entry, command, form, self._reserved)
        self._refuse_if_failed(name, checks)
        async with self._locks.setdefault(name, asyncio.Lock()):
            folder = await self._copy(Path(path), name, checks)
            registration = Registration(
                name,
                folder,
                Path(path),
                tuple(command) or python_command(entry),
                self._utc_now().isoformat(timespec="seconds"),
                **form,
                instances=instances,
            )
            async with self._keeping_clean(registration):
                instance = await self._tried(registration, checks)
                await self._deploy(registration, instance)
        old = self._registered.get(name)
        self._registered[name] = registration
        self._forget_copies(registration)
        return {
            "name": name,
            "replaced": old is not None,
            "isolation": instance.describe()["isolation"],
            "checks": [check.plain() for check in checks],
        }

    async def restart(self, name: str) -> bool:
        """Put fresh processes in the place of those that run, which finish what they are answering; False for none.

        Raises NotDeployed, or NotReady when a fresh one does not start; then those that ran go on.
        """
        spec = self._spec(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            old = self._fleets.get(name)
            if old is None:
                return False
            with suppress(NotReady):
                await old.upstreams()  # Nobody who waits for its start is left waiting.
            fleet = self._fleet(spec, self._instances_of(name))
            try:
                await fleet.all_started()
            except BaseException:
                await fleet.stop()
                raise
            self._fleets[name] = fleet
            self._retire_beside(old)
        return True

    async def event_logs(self, name: str) -> dict[str, EventLog]:
        """What was measured of the nodes of `name`, started if need be. Raises NotDeployed, NotReady or OSError."""
        await self.upstreams(name)
        return await self._fleets[name].event_logs()

    async def remove(self, name: str) -> None:
        """End and forget a submitted implementation. Raises NotDeployed; PlatformError for a bundled one."""
        if name in self._bundled:
            raise PlatformError(f"{name} comes with the platform and cannot be removed.")
        if name not in self._registered:
            raise self._unknown(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            await asyncio.to_thread(self._registry.delete, name)
            self._registered.pop(name, None)
            if fleet := self._fleets.pop(name, None):
                await fleet.stop()
                fleet.log.remove()
            shutil.rmtree(self._home / name, ignore_errors=True)

    def logs(self, name: str) -> str:
        """The latest output of an implementation; empty before its first start. Raises NotDeployed."""
        running = self._fleets.get(name) or self._node.prepare(self._spec(name))
        return running.log.tail()

    async def aclose(self) -> None:
        """End every implementation."""
        retiring = dict(self._retiring)
        for task in retiring.values():
            task.cancel()
        await asyncio.gather(*retiring.values(), return_exceptions=True)
        fleets, self._fleets = self._fleets, {}
        await asyncio.gather(*(fleet.stop() for fleet in (*fleets.values(), *retiring)))

    def _spec(self, name: str) -> Spec:
        if name in self._bundled:
            return Spec(name, self._bundled[name], python_command(DEFAULT_ENTRY))
        if registration := self._registered.get(name):
            return Spec(name, registration.folder, registration.command)
        raise self._unknown(name)

    def _unknown(self, name: str) -> NotDeployed:
        return NotDeployed(f"There is no implementation named {name[:80]!r}. There are: {', '.join(self.names())}.")

    def _instances_of(self, name: str) -> int:
        return self._registered[name].instances if name in self._registered else 1

    def _fleet(self, spec: Spec, instances: int, first: Instance | None = None) -> Fleet:
        """As many instances, of which `first` runs already."""
        others = [self._node.prepare(spec) for _ in range(instances - (first is not None))]
        return Fleet([*([first] if first else []), *others], lambda: self._node.prepare(spec), self._node.clock)

    def _describe(self, name: str) -> dict[str, Any]:
        registration, fleet = self._registered.get(name), self._fleets.get(name)
        idle = {"state": "idle", "isolation": "bubblewrap" if self._node.walled else "process"}
        about: dict[str, Any] = {"name": name, "bundled": name in self._bundled, "created": 0}
        if registration:
            about |= {
                "created": int(dt.datetime.fromisoformat(registration.submitted).timestamp()),
                "submitted": registration.submitted,
                "path": str(registration.submitted_from),
                "hotkey": registration.hotkey,
                "source": registration.source,
                "license": registration.license,
                "description": registration.description,
                "instances": registration.instances,
            }
        return about | (fleet.describe() if fleet else idle)

    def _refuse_if_failed(self, name: str, checks: list[Check]) -> None:
        if any(check.result == "failed" for check in checks):
            raise SubmissionRefused(name, checks)

    async def _copy(self, path: Path, name: str, checks: list[Check]) -> Path:
        try:
            folder = await asyncio.to_thread(take_snapshot, path, self._home / name)
        except SnapshotError as error:
            if name not in self._registered:
                shutil.rmtree(self._home / name, ignore_errors=True)
            checks.append(Check("folder can be copied", "failed", str(error)))
            raise SubmissionRefused(name, checks) from error
        checks.append(Check("folder can be copied", "passed"))
        return folder

    @asynccontextmanager
    async def _keeping_clean(self, registration: Registration) -> AsyncIterator[None]:
        """Remove the copy again when the submission does not succeed and nothing else uses it."""
        try:
            yield
        except BaseException:
            known = self._registered.get(registration.name)
            if known is None:
                shutil.rmtree(self._home / registration.name, ignore_errors=True)
            elif known.folder != registration.folder:
                shutil.rmtree(registration.folder, ignore_errors=True)
            raise

    async def _tried(self, registration: Registration, checks: list[Check]) -> Instance:
        name = registration.name
        spec = Spec(name, registration.folder, registration.command)
        try:
            instance = await self._node.start(spec)
        except NotReady as error:
            checks.append(Check("starts and GET /health answers 200", "failed", str(error)))
            raise SubmissionRefused(name, checks) from error
        try:
            checks.append(Check("starts and GET /health answers 200", "passed"))
            checks += await try_out(self._node.contract, name, await instance.upstream())
            self._refuse_if_failed(name, checks)
        except NotReady as error:
            await instance.stop()
            checks.append(Check("keeps running", "failed", str(error)))
            raise SubmissionRefused(name, checks) from error
        except BaseException:
            await instance.stop()
            raise
        return instance

    async def _deploy(self, registration: Registration, instance: Instance) -> None:
        try:
            await asyncio.to_thread(self._registry.put, registration)
        except BaseException:
            await instance.stop()
            raise
        spec = Spec(registration.name, registration.folder, registration.command)
        old = self._fleets.get(registration.name)
        fleet = self._fleets[registration.name] = self._fleet(spec, registration.instances, instance)
        await fleet.upstreams()  # Starts the others beside it.
        if old is not None:
            self._retire_beside(old)

    def _retire_beside(self, old: Fleet) -> None:
        task = self._retiring[old] = asyncio.create_task(self._retire(old))
        task.add_done_callback(lambda _: self._retiring.pop(old, None))

    async def _retire(self, fleet: Fleet) -> None:
        with suppress(TimeoutError):
            limit = self._node.contract.implementation.request_timeout_seconds
            await asyncio.wait_for(fleet.drained(), limit)
        await fleet.stop()

    def _forget_copies(self, registration: Registration) -> None:
        # A running process keeps its own view of the old copy's files open only as far as it has read them, so copies
        # of instances that still finish their answers stay until the next submission.
        if self._retiring:
            return
        for copy in registration.folder.parent.iterdir():
            if copy != registration.folder:
                shutil.rmtree(copy, ignore_errors=True)
