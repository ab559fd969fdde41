"""The roster of a class: learners, their names and their secrets, kept so that printed cards outlive a restart.

One file below the user's home, readable by its owner alone (0600). Nothing of it is ever logged.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from janus_platform.classroom.ticket import new_secret
from janus_platform.errors import PlatformError
from janus_platform.stored_files import Warn, set_aside, write_whole

FILE = "roster.json"
MAX_NAME = 40
_ID = re.compile(r"learner-\d{2,3}")
_NOBODY = hashlib.sha256(b"").digest()


@dataclass(frozen=True)
class Learner:
    """One learner: the caller id, the name on the board, the secret."""

    id: str
    name: str
    secret: str

    def __repr__(self) -> str:
        return f"<Learner {self.id} {self.name!r}>"


class DamagedRosterError(PlatformError):
    """The roster's file is there and holds no roster."""


class Roster:
    """The learners of a classroom; `identify` says whose secret it is."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.learners = {learner.id: learner for learner in learners}
        self._digests = {learner.id: _digest(learner.secret) for learner in learners}

    def __len__(self) -> int:
        return len(self.learners)

    def name(self, learner: str) -> str:
        """The learner's name; the id itself where there is no such learner."""
        return self.learners[learner].name if learner in self.learners else learner

    def identify(self, learner: str, secret: str) -> str | None:
        """`learner`, if the secret is that learner's; None otherwise. Takes the same time for a wrong id."""
        same = hmac.compare_digest(_digest(secret), self._digests.get(learner, _NOBODY))
        return learner if same and learner in self._digests else None


def open_roster(folder: Path, count: int, names: Sequence[str] = (), warn: Warn | None = None) -> Roster:
    """The first `count` learners of the roster kept in `folder`, made or grown where need be.

    `names` replace the names from the first learner on. A damaged file is kept aside where there is somebody to `warn`:
    all learners then get new cards. Raises PlatformError for what is no name and for a file that cannot be used.
    """
    try:
        known = _read(folder / FILE)
    except DamagedRosterError:
        if warn is None:
            raise
        set_aside(folder / FILE, "all learners get new cards (`janus classroom cards`)", warn)
        known = []
    for number in range(len(known) + 1, count + 1):
        known.append(Learner(f"learner-{number:02}", f"Learner {number:02}", new_secret()))
    for at, name in enumerate(names[:count]):
        known[at] = replace(known[at], name=check_name(name))
    shown = [learner.name for learner in known[:count]]
    if twice := next((name for name in shown if shown.count(name) > 1), None):
        raise PlatformError(f"Two learners are called {twice}. Tell them apart in the list of names.")
    _write(folder / FILE, known)
    return Roster(known[:count])


def renew(folder: Path, learner: str) -> Learner:
    """Give one learner a new secret; the old one is worth nothing after the next reload. Raises PlatformError."""
    known = _read(folder / FILE)
    for at, one in enumerate(known):
        if one.id == learner:
            known[at] = replace(one, secret=new_secret())
            _write(folder / FILE, known)
            return known[at]
    raise PlatformError(f"There is no {learner[:40]!r} in the classroom. `janus classroom cards` lists the learners.")


def read_names(path: Path) -> list[str]:
    """The names in a text file, one a line. Raises PlatformError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformError(f"Cannot read the names in {path}: {getattr(error, 'strerror', 'no text')}.") from error
    return [check_name(line.strip()) for line in lines if line.strip()]


def check_name(name: str) -> str:
    """`name`, if it can stand on a board. Raises PlatformError."""
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name[0] in "=+-@":
        # A spreadsheet would take the four for the beginning of a formula.
        raise PlatformError(
            f"A name is 1 to {MAX_NAME} printable characters and must not begin with = + - @: {name[:60]!a}"
        )
    return name


def _read(path: Path) -> list[Learner]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))["learners"]
        learners = [Learner(**one) for one in raw]
        if all(_ID.fullmatch(one.id) and one.secret for one in learners):
            return learners
        raise ValueError
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PlatformError(f"{path} cannot be read: {error.strerror}. Make it readable.") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedRosterError(f"{path} cannot be used. Move it away; all learners then get new cards.") from None


def _write(path: Path, learners: Sequence[Learner]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, json.dumps({"learners": [asdict(one) for one in learners]}, indent=1), private=True)
    except OSError as error:
        raise PlatformError(
            f"Cannot write {path}: {error.strerror}. Set JANUS_HOME to a folder that is writable."
        ) from error


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
