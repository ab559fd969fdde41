"""The environments of all submissions: made whole or not at all, shared by those that ask for the same, and swept.

Each is a folder named by its key (plan.py), with the packages and a list of them. It is made under another name and
renamed once everything is there, so an installation that is interrupted leaves nothing that could be taken for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from janus_platform.contract import PackageRules
from janus_platform.node.packages.errors import PackagesError
from janus_platform.node.packages.here import python_tag
from janus_platform.node.packages.install import MANIFEST, PACKAGES, usage
from janus_platform.node.packages.plan import Plan
from janus_platform.processes.child import Child

Progress = Callable[[str], None]
_INSTALLER = "janus_platform.node.packages.install"
_DRAFT, _GONE = ".draft-", ".gone-"
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Environment:
    """One that is there: its key, the folder for the module search path, and what was installed."""

    key: str
    packages: Path
    listing: tuple[tuple[str, str], ...]
    size_bytes: int

    def names(self) -> list[str]:
        """Each package with its version."""
        return [f"{name} {version}" for name, version in self.listing]


class Environments:
    """The environments below `home`."""

    def __init__(self, home: Path, rules: PackageRules) -> None:
        self._home, self.rules = home, rules
        self._known: dict[str, Environment] = {}
        self._held: Counter[str] = Counter()
        self._locks: dict[str, asyncio.Lock] = {}

    def get(self, key: str) -> Environment:
        """The environment of that key. Raises PackagesError where it is gone, or was made for another Python."""
        if (known := self._known.get(key)) and known.packages.is_dir():
            return known
        try:
            listed = json.loads((self._home / key / MANIFEST).read_text(encoding="utf-8"))
            listing = tuple((str(one["name"]), str(one["version"])) for one in listed["packages"])
            size, made_for = int(listed["bytes"]), str(listed["python"])
        except (OSError, ValueError, LookupError, TypeError):
            raise PackagesError("its installed packages are gone. Submit it again.") from None
        if made_for != python_tag():
            raise PackagesError(f"its packages were installed for {made_for}, this is {python_tag()}. Submit it again.")
        self._known[key] = Environment(key, self._home / key / PACKAGES, listing, size)
        return self._known[key]

    def describe(self, key: str) -> dict[str, Any]:
        """What was installed, as plain data; nothing for an implementation without packages of its own."""
        if not key:
            return {}
        try:
            one = self.get(key)
        except PackagesError as error:
            return {"packages": {"environment": key, "error": str(error)}}
        return {"packages": {"environment": key, "installed": one.names(), "bytes": one.size_bytes}}

    @asynccontextmanager
    async def made(self, plan: Plan, progress: Progress) -> AsyncIterator[Environment]:
        """The environment of a plan, installed if need be; nobody sweeps it away within the block.

        Raises PackagesError; then nothing of it is left.
        """
        with self._holding(plan.key):
            async with self._locks.setdefault(plan.key, asyncio.Lock()):
                try:
                    environment = self.get(plan.key)
                except PackagesError:
                    await self._install(plan, progress)
                    environment = self.get(plan.key)
            yield environment

    async def sweep(self, keep: Collection[str]) -> None:
        """Remove the environments but `keep` and those that somebody makes or tries just now."""
        gone = []
        for path in self._folders():
            draft = path.name.removeprefix(_DRAFT).partition("-")[0]
            if path.name not in keep and path.name not in self._held and draft not in self._held:
                target = path if path.name.startswith(_GONE) else path.with_name(_GONE + os.urandom(6).hex())
                self._known.pop(path.name, None)
                with contextlib.suppress(OSError):
                    gone.append(path.rename(target))
        if gone:
            await asyncio.to_thread(_remove, gone)

    def _folders(self) -> list[Path]:
        try:
            return sorted(self._home.iterdir())
        except FileNotFoundError:
            return []

    @contextmanager
    def _holding(self, key: str) -> Iterator[None]:
        self._held[key] += 1
        try:
            yield
        finally:
            self._held[key] -= 1
            self._held += Counter()  # drops those that nobody holds

    async def _install(self, plan: Plan, progress: Progress) -> None:
        draft = self._home / f"{_DRAFT}{plan.key}-{os.urandom(4).hex()}"
        try:
            await asyncio.to_thread(self._check_room)
            draft.mkdir(parents=True)
            made = await self._installed(plan, draft, progress)
            (draft / MANIFEST).write_text(json.dumps(made, indent=1), encoding="utf-8")
            target = self._home / plan.key
            if target.exists():  # one whose list is damaged, or that another Python made
                target.rename(self._home / f"{_GONE}{os.urandom(6).hex()}")
            draft.rename(target)
        except OSError as error:
            raise PackagesError(f"the packages cannot be stored in {self._home}: {error.strerror}.") from error
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True))

    def _check_room(self) -> None:
        used, most = usage(self._home)[0], self.rules.max_together_bytes
        if used + self.rules.max_bytes > most + self.rules.max_bytes // 2:
            raise PackagesError(
                f"the packages of all implementations have {used:,} bytes, and {most:,} is the most. Remove an "
                "implementation that has packages of its own: `janus remove NAME`."
            )

    async def _installed(self, plan: Plan, draft: Path, progress: Progress) -> dict[str, Any]:
        job: dict[str, Any] = {"draft": str(draft), "lines": plan.lines(), "wheels": plan.wheels and str(plan.wheels)}
        job["rules"] = msgspec.structs.asdict(self.rules)
        argv = [sys.executable, "-I", "-m", _INSTALLER, json.dumps(job)]
        child = await Child.start(argv, env=os.environ, cwd=draft, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        watching = asyncio.create_task(self._until_too_large(draft))
        reading = asyncio.create_task(_read(child, progress))
        try:
            async with asyncio.timeout(self.rules.install_seconds):
                await asyncio.wait({watching, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise PackagesError(
                    f"the packages and their downloads have more than {self.rules.max_bytes * 2:,} bytes. Ask for less."
                )
            answer = reading.result()
        except TimeoutError:
            raise PackagesError(
                f"installing took more than {self.rules.install_seconds} s. Ask for less, or put the wheels into the "
                "folder wheels/."
            ) from None
        finally:
            for task in (watching, reading):
                task.cancel()
            child.kill()
            await asyncio.gather(watching, reading, return_exceptions=True)
            await child.wait()
        if "done" not in answer:
            raise PackagesError(str(answer.get("failed", "the installing process ended early.")))
        return dict(answer["done"])

    async def _until_too_large(self, draft: Path) -> None:
        # What is fetched lies beside what is unpacked.
        while (await asyncio.to_thread(usage, draft))[0] <= 2 * self.rules.max_bytes:
            await asyncio.sleep(LOOK_SECONDS)


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


async def _read(child: Child, progress: Progress) -> dict[str, Any]:
    """The installing process's last word; each line of progress is handed on."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    try:
        async for line in child.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                said = {"failed": f"the installing process says: {line[-300:].decode('utf-8', 'replace').strip()}"}
            if isinstance(said, dict) and "progress" in said:
                progress(str(said["progress"]))
            elif isinstance(said, dict):
                last = said
    except ValueError:  # a line without end
        return {"failed": "the installing process says more than it should."}
    return last
