"""Checks of where an answer comes from: sources named, sources that really say it, and admitting that there is none.

What a page says stands in the suite, beside its address: nothing is fetched when answers are checked, so a run scores
the same a year later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from janus_bench.checks import normalise
from janus_bench.checks.verdict import Subject, Verdict, capped


@dataclass(frozen=True)
class Sources:
    """At least `at_least` of the addresses `any_of` (host, or host and start of path) are named in the answer.

    Naming more than `at_most` addresses is a list, not a citation, and is worth nothing.
    """

    kind: ClassVar[str] = "sources"
    any_of: tuple[str, ...]
    at_least: int = 1
    at_most: int = 8

    def evaluate(self, subject: Subject) -> Verdict:
        named = normalise.urls(subject.text)
        if len(named) > self.at_most:
            return Verdict(0.0, f"{len(named)} addresses named, more than {self.at_most}")
        right = sum(any(lies_below(address, prefix) for prefix in self.any_of) for address in named)
        if right < self.at_least:
            return Verdict(0.0, "no expected source named" if not named else "not the expected sources")
        return Verdict(1.0, "source named")


@dataclass(frozen=True)
class Citation:
    """The answer cites pages that really say it.

    `pages` gives each known page (host and path) the facts that stand on it; a cited page counts where the answer
    states all facts of that page. `also` are places whose pages are not known word by word, but are good sources; those
    count where the answer states some page's facts. Half of the cited pages have to count; below, the score falls.
    """

    kind: ClassVar[str] = "citation"
    pages: dict[str, Any]
    also: tuple[str, ...] = ()
    at_most: int = 6

    def __post_init__(self) -> None:
        good = self.pages and all(
            isinstance(facts, list) and facts and all(_is_group(group) for group in facts)
            for facts in self.pages.values()
        )
        if not good:
            raise ValueError(
                "pages: needs a table of addresses, each with a list of facts (texts or lists of synonyms)"
            )

    def evaluate(self, subject: Subject) -> Verdict:
        named = normalise.urls(subject.text)
        if not named:
            return Verdict(0.0, "no source named")
        if len(named) > self.at_most:
            return Verdict(0.0, f"{len(named)} addresses named, more than {self.at_most}")
        stated = normalise.without_echo(normalise.body(subject.text), subject.prompt)
        borne_out = {page for page, facts in self.pages.items() if all(_says(stated, group) for group in facts)}
        right = sum(self._supports(address, borne_out) for address in named)
        why = f"{right} of {len(named)} cited pages say it"
        return Verdict(min(1.0, 2 * right / len(named)), why)

    def _supports(self, address: tuple[str, str], borne_out: set[str]) -> bool:
        known = [page for page in self.pages if lies_below(address, page)]
        if known:
            return any(page in borne_out for page in known)
        return bool(borne_out) and any(lies_below(address, prefix) for prefix in self.also)


@dataclass(frozen=True)
class Unanswerable:
    """The answer says within its first two sentences that it cannot be given, and makes nothing up (`forbid`)."""

    kind: ClassVar[str] = "unanswerable"
    forbid: tuple[str, ...] = ()
    max_words: int = 150

    def evaluate(self, subject: Subject) -> Verdict:
        answer = normalise.without_echo(normalise.body(subject.text), subject.prompt)
        for term in self.forbid:
            if normalise.contains(answer, term):
                return Verdict(0.0, f"makes up {term!r}")
        start = " ".join(normalise.sentences(answer)[:2])
        if not _ADMISSION.search(start):
            return Verdict(0.0, "does not say that it cannot answer")
        return capped(1.0, "says that it cannot answer", answer, self.max_words)


_ADMISSION = re.compile(
    r"\b(?:do(?:es)?|did)(?: not|n't) (?:\w+ ){0,3}"
    r"(?:cover|contain|say|mention|include|state|answer|know|have|provide|give|name)"
    r"|\b(?:could|can) ?(?:not|n't|'t) (?:\w+ ){0,3}(?:find|found|answer|answered|say|tell|determine|determined)"
    r"|\bnot (?:\w+ ){0,2}(?:covered|found|mentioned|stated|answered|known|available|supported)"
    r"|\bno (?:\w+ ){0,4}(?:information|sources?|pages?|passages?|documents?|results?|mention|answers?|evidence|data)\b"
    r"|\bnothing (?:\w+ ){0,6}(?:about|on|covers?|answers?|says?|mentions?|found)\b"
    r"|\bnone of (?:\w+ ){1,5}(?:covers?|answers?|says?|mentions?|contains?)"
    r"|\b(?:unable|not able) to (?:find|answer|say|tell|determine)"
)


def lies_below(address: tuple[str, str], prefix: str) -> bool:
    host, slash, path = prefix.partition("/")
    below = f"/{path}".rstrip("/") if slash else ""
    return address[0] == host and (address[1] == below or address[1].startswith(f"{below}/") or not below)


def _is_group(group: Any) -> bool:
    return isinstance(group, str) or (isinstance(group, list) and bool(group) and all(map(_is_text, group)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _says(stated: str, group: Any) -> bool:
    return any(normalise.contains(stated, term) for term in ([group] if isinstance(group, str) else group))
