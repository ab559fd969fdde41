"""A question with what makes an answer to it right, and whether an answer would be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.answers.asking import Answer, Asked
from tests.answers.presentable import Judged, faults, sentences

# An answer to a question of this kind has so many sentences at most.
MOST_SENTENCES = {"explain": 8, "fact": 5, "book fact": 5, "small talk": 4, "follow up": 7, "uncovered": 3}
FREE_FORM = ("sum", "code", "drawn", "seen")
# Their answers may say what they cannot do beside what they can.
MODEST = ("small talk", "seen")
REFUSED = "uncovered"


@dataclass(frozen=True)
class Entry:
    """A question, and what makes an answer to it right; the fields are told in sheet.toml."""

    kind: str
    question: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    begins: str = ""
    pages: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    pictures: int = 0
    sends: str = ""

    @property
    def as_asked(self) -> Asked:
        """What is sent."""
        return Asked(self.question, self.asked, self.sends)

    def faults(self, answer: Answer) -> list[str]:
        """Why the answer would not be shown; none where it would."""
        return [*self._faults_of_content(answer), *faults(answer, self._judged)]

    @property
    def _judged(self) -> Judged:
        return Judged(free_form=self.kind in FREE_FORM, most_sentences=MOST_SENTENCES.get(self.kind, 9))

    def _faults_of_content(self, answer: Answer) -> list[str]:
        found = [f"It does not say {one!r}." for one in self.must if not _stands(one, answer.prose)]
        found += [f"It says {one!r}." for one in self.must_not if _stands(one, answer.prose)]
        told = sentences(answer.prose)
        if self.begins and told and not _stands(self.begins, told[0]):
            found.append(f"Its first sentence does not say {self.begins!r}.")
        if self.kind == REFUSED and not answer.declines:
            found.append("It does not say that it does not know.")
        if self.kind != REFUSED and answer.declines and self.kind not in MODEST:
            found.append("It says that it does not know.")
        if foreign := [source for source in answer.sources if not is_below(source, self.pages)]:
            found.append(f"It rests on {', '.join(foreign)}.")
        if self.pages and not answer.sources:
            found.append("It names no source.")
        if answer.pictures != self.pictures:
            found.append(f"It has {answer.pictures} pictures.")
        return found


def _stands(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.I) is not None


def is_below(source: str, pages: tuple[str, ...]) -> bool:
    """Whether a source is one of the pages, or belongs to a host or folder among them."""
    return any(source == page or source.startswith(f"{page}/") for page in pages)


def any_below(sources: tuple[str, ...], pages: tuple[str, ...]) -> bool:
    """Whether at least one of the sources is."""
    return any(is_below(source, pages) for source in sources)
