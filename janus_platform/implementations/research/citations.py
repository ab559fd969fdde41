"""Citations in a streamed answer, numbered anew: 1, 2, 3 in the order in which they first appear, one for each page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pages import Passage

_MARK = re.compile(r"\[(\d{1,2})\]")
_BEGUN = re.compile(r"\[\d{0,2}\Z")


class Citations:
    """Rewrites the `[n]` of an answer that was made from `passages`, piece by piece.

    Brackets in code, between backticks, are code; a number that belongs to no passage stays as it is.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages, self._held, self._in_code = passages, "", False
        self._numbers: dict[str, int] = {}
        self._used: list[Passage] = []

    def feed(self, piece: str) -> str:
        """What can be said after `piece`; the beginning of a mark at its end waits for the rest."""
        text, self._held = self._held + piece, ""
        if begun := _BEGUN.search(text):
            text, self._held = text[: begun.start()], text[begun.start() :]
        parts = text.split("`")
        for place, part in enumerate(parts):
            self._in_code ^= place > 0
            parts[place] = part if self._in_code else _MARK.sub(self._renumbered, part)
        return "`".join(parts)

    def rest(self) -> str:
        """What still waited when the answer ended."""
        held, self._held = self._held, ""
        return held

    @property
    def sources(self) -> list[tuple[str, Passage]]:
        """The cited pages, each with its mark; the first passage without a mark where the answer cites none."""
        return [(f"[{n}] ", p) for n, p in enumerate(self._used, 1)] or [("", p) for p in self._passages[:1]]

    def _renumbered(self, mark: re.Match[str]) -> str:
        number = int(mark[1])
        if not 1 <= number <= len(self._passages):
            return mark[0]
        passage = self._passages[number - 1]
        if passage.url not in self._numbers:
            self._used.append(passage)
            self._numbers[passage.url] = len(self._used)
        return f"[{self._numbers[passage.url]}]"
