"""Which implementations there are, and what becomes of a submission: the gateway's directory, kept by the node.

An implementation starts when it is first asked for; the baseline starts with the platform. A resubmission replaces its
predecessor only once it runs and has passed its trial; the predecessor then finishes what it is answering.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from janus_platform.attestation import EventLog
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import NotDeployedError, NotReadyError
from janus_platform.node.log import BoundedLog
from janus_platform.node.node import Node, Spec
from janus_platform.node.packages.environments import Environments, Progress
from janus_platform.node.packages.errors import PackagesError
from janus_platform.node.registry import Registration, Registry
from janus_platform.node.remote import LAYER
from janus_platform.node.replicas import Replica, Replicas
from janus_platform.node.submission.admission import admit, check_url, remote_url_of
from janus_platform.node.submission.checks import Check, SubmissionRefusedError, refuse_if_failed
from janus_platform.node.submission.form import Form, check_folder, check_form, check_name
from janus_platform.node.submission.janus_toml import DEFAULT_ENTRY, command_of, python_command
from janus_platform.node.submission.packages import packages_of
from janus_platform.node.submission.submitted_code import SubmittedCode

MAX_INSTANCES = 16
# A request that has just been given an upstream may not have begun to use it.
SETTLED_SECONDS = 5.0


class Deployments:
    """The implementations of one platform. `bundled` maps the names of those that come with it to their folders.

    `home` holds the platform's copies of submitted folders, a folder beside it their packages; `baseline` is one of
    `bundled`.
    """

    def __init__(
        self,
        node: Node,
        registry: Registry,
        *,
        bundled: Mapping[str, Path],
        baseline: str,
        home: Path,
        utc_now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.baseline = baseline
        self._node, self._registry, self._utc_now, self._code = node, registry, utc_now, SubmittedCode(home)
        self._environments = Environments(home.with_name("environments"), node.contract.packages)
        self._bundled = dict(bundled)
        self._registered = {registration.name: registration for registration in registry.all()}
        self._replicas: dict[str, Replicas] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._retiring: dict[Replicas, asyncio.Task[None]] = {}
        models = {model for family in node.contract.inference.model_families.values() for model in family}
        self._reserved = {node.contract.gateway.default_model, *(m.lower() for m in models), *bundled}

    async def start(self) -> None:
        """Start the baseline. Raises PlatformError with the end of its log when it cannot be."""
        await self._sweep()
        try:
            await self.upstream(self.baseline)
        except NotReadyError as error:
            raise PlatformError(f"The baseline {self.baseline} cannot be started: {error}") from error

    def names(self) -> list[str]:
        """Bundled implementations first, then the submitted ones in their order."""
        return [*self._bundled, *self._registered]

    def describe(self) -> list[dict[str, Any]]:
        """Each implementation as plain data: origin, form, state and isolation."""
        return [self._describe(name) for name in self.names()]

    async def upstream(self, name: str) -> Upstream:
        """Where one node of `name` listens, started if need be. Raises NotDeployedError or NotReadyError."""
        return (await self.upstreams(name))[0]

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        """Where the nodes of `name` listen, started if need be. Raises NotDeployedError or NotReadyError."""
        replicas = self._replicas.get(name)
        if replicas is None:
            replicas = self._replicas[name] = self._make_replicas(self._maker_of(name), self._instances_of(name))
        return await replicas.upstreams()

    def sleep_beyond(self, awake: int) -> int:
        """End the processes of submitted implementations beyond `awake`; those go first that nobody asked for longest.

        They wake with the next request. Returns how many were ended.
        """
        running = [(replicas.asked_at, name) for name, replicas in self._replicas.items() if name not in self._bundled]
        settled = self._node.clock.now() - SETTLED_SECONDS
        idle = [name for asked_at, name in sorted(running)[: max(0, len(running) - awake)] if asked_at < settled]
        for name in idle:
            self._retire_beside(self._replicas.pop(name))
        return len(idle)

    async def submit(
        self,
        path: str | Path | None,
        name: str,
        *,
        url: str = "",
        entry: str = DEFAULT_ENTRY,
        command: Sequence[str] = (),
        instances: int = 1,
        progress: Progress = lambda _: None,
        **form: str | None,
    ) -> dict[str, Any]:
        """Copy the folder at `path`, run it, try it out and deploy it as `name`, on `instances` nodes.

        It runs as `python <entry>` inside the folder, as the folder's janus.toml says, or as `command`. Where there is
        a `url` instead of a path, what runs there is tried and deployed. `progress` is told of each package that is
        installed. `form` holds the submission form's texts. Returns `{"name", "replaced", "isolation", "checks"}`.
        Raises SubmissionRefusedError when a check fails; then nothing has changed.
        """
        if isinstance(instances, bool) or not isinstance(instances, int) or not 1 <= instances <= MAX_INSTANCES:
            raise PlatformError(f"instances is a number from 1 to {MAX_INSTANCES}.")
        if bool(path) == bool(url):
            raise PlatformError("Submit either a folder or the url of one that runs already.")
        filled, folder = Form.of(form), Path(path) if path else None
        what = check_folder(folder, entry, command) if folder else check_url(url, instances)
        checks = [check_name(name, self._reserved), *what, *check_form(filled, self._node.contract.submission)]
        refuse_if_failed(name, checks)
        async with self._locks.setdefault(name, asyncio.Lock()):
            copy = await self._copy(folder, name, checks) if folder else None
            registration = Registration(
                name,
                copy,
                folder,
                command_of(copy, entry, command) if copy else (),
                self._utc_now().isoformat(timespec="seconds"),
                **filled.normal().plain(),
                instances=instances,
                url=url and remote_url_of(url).url,
            )
            async with (
                self._keeping_clean(registration),
                packages_of(copy, self._environments, checks, name, progress) as own,
            ):
                registration = replace(registration, environment=own.key if own else "")
                first = self._maker(registration)()
                await admit(self._node, first, checks, replaces=name in self._replicas)
                await self._deploy(registration, first)
                old = self._registered.get(name)
                self._registered[name] = registration
            # A process reads its files from the copy that it was started with: while one still finishes its answers,
            # the copies stay until the next submission.
            if not self._retiring:
                self._code.keep_only(name, registration.folder)
                await self._sweep()
        return {
            "name": name,
            "replaced": old is not None,
            "isolation": first.describe()["isolation"],
            "checks": [check.plain() for check in checks],
        }

    async def restart(self, name: str) -> bool:
        """Put fresh processes in the place of those that run, which finish what they are answering; False for none.

        Raises NotDeployedError, or NotReadyError when a fresh one does not start; then those that ran go on.
        """
        make = self._maker_of(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            old = self._replicas.get(name)
            if old is None or self._is_remote(name):
                return False
            with suppress(NotReadyError):
                await old.upstreams()  # Nobody who waits for its start is left waiting.
            replicas = self._make_replicas(make, self._instances_of(name))
            try:
                await replicas.all_started()
            except BaseException:
                await replicas.stop()
                raise
            self._replicas[name] = replicas
            self._retire_beside(old)
        return True

    async def event_logs(self, name: str) -> dict[str, EventLog]:
        """What was measured of the nodes of `name`.

        They are started if need be. Raises NotDeployedError, NotReadyError or OSError.
        """
        await self.upstreams(name)
        return await self._replicas[name].event_logs()

    async def remove(self, name: str) -> None:
        """End and forget a submitted implementation. Raises NotDeployedError; PlatformError for a bundled one."""
        if name in self._bundled:
            raise PlatformError(f"{name} comes with the platform and cannot be removed.")
        if name not in self._registered:
            raise self._unknown(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            await asyncio.to_thread(self._registry.delete, name)
            self._registered.pop(name, None)
            if replicas := self._replicas.pop(name, None):
                await replicas.stop()
                replicas.log.remove()
            self._code.drop(name)
            if not self._retiring:
                await self._sweep()

    def log(self, name: str) -> BoundedLog:
        """The output of an implementation; empty before its first start. Raises NotDeployedError."""
        self._known(name)
        return BoundedLog(self._node.log_file(name))

    async def aclose(self) -> None:
        """End every implementation."""
        retiring = dict(self._retiring)
        for task in retiring.values():
            task.cancel()
        await asyncio.gather(*retiring.values(), return_exceptions=True)
        groups, self._replicas = self._replicas, {}
        await asyncio.gather(*(replicas.stop() for replicas in (*groups.values(), *retiring)))

    def _known(self, name: str) -> None:
        if name not in self._bundled and name not in self._registered:
            raise self._unknown(name)

    def _maker_of(self, name: str) -> Callable[[], Replica]:
        """What makes instances of `name`. Raises NotDeployedError."""
        self._known(name)
        if folder := self._bundled.get(name):
            spec = Spec(name, folder, python_command(DEFAULT_ENTRY))
            return lambda: self._node.prepare(spec)
        return self._maker(self._registered[name])

    def _maker(self, registration: Registration) -> Callable[[], Replica]:
        name, folder = registration.name, registration.folder
        if folder is None:
            return lambda: self._node.remote(name, remote_url_of(registration.url))
        spec = Spec(name, folder, registration.command)
        if key := registration.environment:
            return lambda: self._node.prepare(replace(spec, packages=self._packages(key)))
        return lambda: self._node.prepare(spec)

    def _packages(self, key: str) -> Path:
        """Where the packages of an environment lie. Raises NotReadyError with what to do."""
        try:
            return self._environments.get(key).packages
        except PackagesError as error:
            raise NotReadyError(str(error)) from error

    async def _sweep(self) -> None:
        """Remove the packages that no implementation has any more, and what an interrupted installation left.

        Those of a submission that failed its trial stay until the next one that succeeds: it is often tried again.
        """
        await self._environments.sweep({registration.environment for registration in self._registered.values()})

    def _is_remote(self, name: str) -> bool:
        return name in self._registered and self._registered[name].folder is None

    def _unknown(self, name: str) -> NotDeployedError:
        return NotDeployedError(
            f"There is no implementation named {name[:80]!r}. There are: {', '.join(self.names())}."
        )

    def _instances_of(self, name: str) -> int:
        return self._registered[name].instances if name in self._registered else 1

    def _make_replicas(self, make: Callable[[], Replica], instances: int, first: Replica | None = None) -> Replicas:
        """As many instances, of which `first` runs already."""
        others = [make() for _ in range(instances - (first is not None))]
        return Replicas([*([first] if first else []), *others], make, self._node.clock)

    def _describe(self, name: str) -> dict[str, Any]:
        registration, replicas = self._registered.get(name), self._replicas.get(name)
        layer = LAYER if self._is_remote(name) else "bubblewrap" if self._node.sandboxed else "process"
        idle = {"state": "idle", "isolation": layer}
        about: dict[str, Any] = {"name": name, "bundled": name in self._bundled, "created": 0}
        if registration:
            about |= {
                "created": int(dt.datetime.fromisoformat(registration.submitted).timestamp()),
                "submitted": registration.submitted,
                **({"url": registration.url} if registration.url else {"path": str(registration.submitted_from)}),
                **{field: getattr(registration, field) for field in Form().plain()},
                "instances": registration.instances,
                **self._environments.describe(registration.environment),
            }
        return about | (replicas.describe() if replicas else idle)

    async def _copy(self, path: Path, name: str, checks: list[Check]) -> Path:
        try:
            return await self._code.take(path, name, checks)
        except SubmissionRefusedError:
            if name not in self._registered:
                self._code.drop(name)
            raise

    @asynccontextmanager
    async def _keeping_clean(self, registration: Registration) -> AsyncIterator[None]:
        """Remove the copy again when the submission does not succeed and nothing else uses it."""
        try:
            yield
        except BaseException:
            known = self._registered.get(registration.name)
            if known is None:
                self._code.drop(registration.name)
                BoundedLog(self._node.log_file(registration.name)).remove()
            elif not self._retiring and known.folder != registration.folder:
                self._code.keep_only(registration.name, known.folder)
            raise

    async def _deploy(self, registration: Registration, first: Replica) -> None:
        try:
            await asyncio.to_thread(self._registry.put, registration)
        except BaseException:
            await first.stop()
            raise
        old = self._replicas.get(registration.name)
        replicas = self._make_replicas(self._maker(registration), registration.instances, first)
        self._replicas[registration.name] = replicas
        await replicas.upstreams()  # Starts the others beside it.
        if old is not None:
            self._retire_beside(old)

    def _retire_beside(self, old: Replicas) -> None:
        task = self._retiring[old] = asyncio.create_task(self._retire(old))
        task.add_done_callback(lambda _: self._retiring.pop(old, None))

    async def _retire(self, replicas: Replicas) -> None:
        with suppress(TimeoutError):
            limit = self._node.contract.implementation.request_timeout_seconds
            async with asyncio.timeout(limit):
                await replicas.drained()
        await replicas.stop()
        if self._retiring.keys() <= {replicas}:
            await self._sweep()
