"""Submissions from learners' machines: the files arrive in the request, are checked, and tried out two at a time.

Only so many implementations run at once: those that nobody asked for longest sleep, and wake with the next request.
"""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from janus_platform.classroom.namespaces import is_own, own
from janus_platform.clock import Clock
from janus_platform.contract import ClassroomRules
from janus_platform.errors import PlatformError
from janus_platform.node.deployments import Deployments
from janus_platform.node.submission.checks import SubmissionRefusedError
from janus_platform.node.submission.packages import CHECK as PACKAGES_CHECK
from janus_platform.runtime.control_api import FORM_FIELDS

LOOK_SECONDS = 2.0
TEXTS = ("entry", *FORM_FIELDS)
_PART = re.compile(r"[A-Za-z0-9_@+=][A-Za-z0-9._@+= -]{0,99}|\.[a-z]{1,30}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,50}")
MAX_DEPTH = 12
_PROGRAMS = (b"\x7fELF", b"#!")


class Submissions:
    """The learners' submissions, deployed under their own names. `folder` holds files on their way only."""

    def __init__(self, deployments: Deployments, rules: ClassroomRules, folder: Path, clock: Clock) -> None:
        self._deployments, self._rules, self._folder, self._clock = deployments, rules, folder, clock
        self._trials = asyncio.Semaphore(rules.trials_at_once)
        self._busy: set[str] = set()

    async def submit(self, learner: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Try out and deploy what a learner sent. Raises PlatformError with the names that the learner uses."""
        name = body.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise PlatformError(
                "A name has 1 to 51 lower-case letters, digits and hyphens, and does not begin with a hyphen."
            )
        if unknown := sorted(set(body) - {*TEXTS, "name", "files", "instances"}):
            raise PlatformError(f"A submission does not have the field {', '.join(unknown)[:200]}.")
        form = {key: body[key] for key in TEXTS if body.get(key) is not None}
        if any(not isinstance(value, str) for value in form.values()):
            raise PlatformError(f"{', '.join(TEXTS)} are strings.")
        if body.get("instances", 1) != 1:
            raise PlatformError("In a classroom, an implementation can have only one instance.")
        full = own(learner, name)
        self._check_room(learner, full)
        files = unpacked(body.get("files"), self._rules)
        self._busy.add(learner)
        try:
            async with self._trials:
                return await self._deploy(full, name, files, form)
        finally:
            self._busy.discard(learner)

    async def run(self) -> None:
        """Let implementations sleep that are too many, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            self._deployments.sleep_beyond(self._rules.implementations_awake)

    def _check_room(self, learner: str, full: str) -> None:
        if learner in self._busy:
            raise PlatformError("Your other submission is still being tried out. Wait until it has finished.")
        mine = [one for one in self._deployments.names() if is_own(learner, one) and one != full]
        if len(mine) >= self._rules.implementations_per_learner:
            most = self._rules.implementations_per_learner
            raise PlatformError(f"A learner may have {most} implementations here. Remove one first: platform.remove(…)")

    async def _deploy(
        self, full: str, name: str, files: Mapping[PurePosixPath, bytes], form: Mapping[str, str]
    ) -> dict[str, Any]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            await asyncio.to_thread(write_files, folder, files)
            result = await self._tried(folder, full, form)
        except PlatformError as error:
            raise PlatformError(_as_theirs(str(error), full, name, folder)) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {**result, "name": name}

    async def _tried(self, folder: Path, full: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Two trials: on a crowded machine, one can fail for what the machine did to its timing."""
        texts: dict[str, Any] = dict(form)
        try:
            return await self._deployments.submit(folder, full, **texts)
        except SubmissionRefusedError as error:
            if any(check["check"] == PACKAGES_CHECK and check["result"] == "failed" for check in error.checks):
                raise
            return await self._deployments.submit(folder, full, **texts)


def unpacked(files: Any, rules: ClassroomRules) -> dict[PurePosixPath, bytes]:
    """The files of a submission by their names below its folder. Raises PlatformError for what is none.

    Names are plain: no link, no device and nothing outside the folder can be written by them.
    """
    if not isinstance(files, list) or not 0 < len(files) <= rules.submission_files:
        raise PlatformError(f"A submission has 1 to {rules.submission_files} files.")
    contents: dict[PurePosixPath, bytes] = {}
    for one in files:
        try:
            path, content = _path(one["name"]), base64.b64decode(one["data"], validate=True)
        except (KeyError, TypeError, ValueError):
            raise PlatformError("A file in the submission has an invalid name or content. Use plain names.") from None
        contents[path] = content
    if sum(map(len, contents.values())) > rules.submission_bytes:
        raise PlatformError(f"A submission has at most {rules.submission_bytes:,} bytes. Leave data out.")
    folders = {parent for path in contents for parent in path.parents}
    if len(contents) != len(files) or folders & contents.keys():
        raise PlatformError("Two files of the submission have the same name.")
    return contents


def _as_theirs(text: str, full: str, name: str, folder: Path) -> str:
    return text.replace(full, name).replace(str(folder), "your folder")


def _path(name: Any) -> PurePosixPath:
    if not isinstance(name, str) or len(name) > 300:
        raise ValueError
    parts = name.split("/")
    if len(parts) > MAX_DEPTH or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError
    return PurePosixPath(name)


def write_files(folder: Path, files: Mapping[PurePosixPath, bytes]) -> None:
    """Write what `unpacked` gave; a program for this system can be run."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if content.startswith(_PROGRAMS):  # Whether it may be run is lost on the way.
            target.chmod(0o755)
