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
    """One question. `pages` are the addresses or hosts that answer it, without scheme: none where the corpus does not.

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
    return _with_pages("covered.toml", "covered", half)


def details(half: Half) -> list[Labelled]:
    """Questions about a detail of a page, in the same form."""
    return _with_pages("details.toml", "detail", half)


def uncovered(half: Half) -> list[Labelled]:
    """Questions that the corpus does not answer, each with its kind."""
    return [Labelled(q, kind, half) for kind, group in _read("uncovered.toml").items() for q in group[half]]


def follow_ups(half: Half) -> list[Labelled]:
    """Questions that need the conversation before them."""
    return [
        Labelled(one["question"], "follow up", one["half"], _addresses(one["pages"]), tuple(one["asked"]))
        for one in _read("follow_ups.toml")["follow_up"]
        if one["half"] == half
    ]


def _with_pages(name: str, kind: str, half: Half) -> list[Labelled]:
    groups = _read(name)["covered"]
    return [Labelled(q, kind, half, _addresses(group["pages"])) for group in groups for q in group[half]]


def _addresses(pages: list[str]) -> tuple[str, ...]:
    """The addresses of pages or hosts, without scheme, also of the book's own pages and folders."""
    book = f"{load_contract().repository.partition('://')[2]}/blob/main"
    return tuple(f"{book}/{page}" if page.partition("/")[0] in BOOK else page for page in pages)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))
