"""The labelled questions: what the bundled corpus answers, and what it does not, in two halves.

`FIT` is for choosing a threshold or a weight, `REPORT` for the figure that is told; nobody fits on the second.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from janus_platform.contract import load_contract
from tests.answers.asking import Asked

BOOK = ("book", "notebooks")
HERE = Path(__file__).parent
FIT: Literal["fit"] = "fit"
REPORT: Literal["report"] = "report"
Half = Literal["fit", "report"]


@dataclass(frozen=True)
class Labelled:
    """One question. `pages` are the addresses that answer it, without scheme: none where the corpus does not.

    `asked` is what the user said before, where the question only has a meaning with it.
    """

    question: str
    kind: str
    half: Half
    pages: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def is_covered(self) -> bool:
        """Whether the corpus answers it."""
        return bool(self.pages)

    @property
    def as_asked(self) -> Asked:
        """What is sent."""
        return Asked(self.question, self.asked)


def covered(half: Half) -> list[Labelled]:
    """Questions with the pages that answer them."""
    groups = _read("covered.toml")["covered"]
    return [Labelled(q, "covered", half, tuple(map(_address, group["pages"]))) for group in groups for q in group[half]]


def uncovered(half: Half) -> list[Labelled]:
    """Questions that the corpus does not answer, each with its kind."""
    return [Labelled(q, kind, half) for kind, group in _read("uncovered.toml").items() for q in group[half]]


def follow_ups(half: Half) -> list[Labelled]:
    """Questions that need the conversation before them."""
    return [
        Labelled(one["question"], "follow up", one["half"], tuple(one["pages"]), tuple(one["asked"]))
        for one in _read("follow_ups.toml")["follow_up"]
        if one["half"] == half
    ]


def _address(page: str) -> str:
    """The address of a page, without scheme, also of one of the book's own."""
    of_the_book = page.partition("/")[0] in BOOK
    return f"{load_contract().repository.partition('://')[2]}/blob/main/{page}" if of_the_book else page


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))
