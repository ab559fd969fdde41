"""The platform's own copies of submitted folders: below one folder, one a name, and in that one for each content."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from janus_platform.node.errors import SnapshotError
from janus_platform.node.submission.checks import Check, SubmissionRefusedError
from janus_platform.node.submission.snapshot import take_snapshot


class SubmittedCode:
    """The copies below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def take(self, path: Path, name: str, checks: list[Check]) -> Path:
        """A copy of the folder `path` for `name`. Raises SubmissionRefusedError; `checks` says why."""
        try:
            folder = await asyncio.to_thread(take_snapshot, path, self._home / name)
        except SnapshotError as error:
            checks.append(Check("folder can be copied", "failed", str(error)))
            raise SubmissionRefusedError(name, checks) from error
        checks.append(Check("folder can be copied", "passed"))
        return folder

    def drop(self, name: str) -> None:
        """Remove every copy of `name`."""
        shutil.rmtree(self._home / name, ignore_errors=True)

    def keep_only(self, name: str, folder: Path | None) -> None:
        """Remove the copies of `name` but `folder`, or all of them."""
        if folder is None:
            self.drop(name)
            return
        for copy in (self._home / name).iterdir():
            if copy != folder:
                shutil.rmtree(copy, ignore_errors=True)
