"""The table of small instruct models: name, size, licence, hash, address, and where each figure was read.

Its facts stand in `table.toml` beside this module.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from janus_platform.services.inference.models.errors import UnknownModelError

TABLE_FILE = Path(__file__).with_name("table.toml")


@dataclass(frozen=True)
class Entry:
    """One model: `size` in bytes; `sha256` in hexadecimal, "" where its first pull pins it; `terms` to be accepted.

    It comes from `address`, or as `member` of a wheel, `package`.
    """

    name: str
    title: str
    licence: str
    size: int
    file: str
    source: Mapping[str, str]
    sha256: str = ""
    terms: str = ""
    address: str = ""
    package: str = ""
    member: str = ""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return self.address or f"PyPI: {self.package}"


@cache
def table() -> tuple[Entry, ...]:
    """Every model that is known by name, smallest first."""
    raw = tomllib.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return tuple(sorted((Entry(**one) for one in raw["model"]), key=lambda entry: entry.size))


def find(name: str, entries: Sequence[Entry] | None = None) -> Entry:
    """The model of that name, in any case. Raises UnknownModelError, which lists the names nearest to it."""
    known = {entry.name: entry for entry in entries or table()}
    if entry := known.get(name.lower()):
        return entry
    near = difflib.get_close_matches(name.lower()[:100], known, n=3, cutoff=0.4) or list(known)
    raise UnknownModelError(
        f"There is no model {name[:100]!r}. Near it: {', '.join(near)}. `janus model list` shows all; a file of your "
        "own is named by its path, which ends in .gguf."
    )
