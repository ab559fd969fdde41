"""All questions put to a platform once, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.answers.asking import Answer, Asked, ask_all
from tests.answers.entry import Entry, any_below
from tests.answers.facts import facts
from tests.answers.labelled import Half, Labelled, covered, details, follow_ups, uncovered
from tests.answers.sheet import promised, sheet


@dataclass(frozen=True)
class Outcome:
    """An answer to a question, and why it would not be shown; `faults` is empty where it would."""

    entry: Entry
    answer: Answer
    faults: tuple[str, ...]

    def told(self) -> str:
        """The question, the faults and the answer, as lines to read."""
        asked = " → ".join((*self.entry.asked, self.entry.question))
        return "\n".join(
            [f"[{self.entry.kind}] {asked}", *(f"  ✗ {fault}" for fault in self.faults), _indented(self.answer.text)]
        )


@dataclass(frozen=True)
class Refusals:
    """What one half of the labelled questions came to: how many there are, and which went wrong."""

    covered: int
    uncovered: int
    refused: tuple[tuple[Labelled, Answer], ...]
    answered: tuple[tuple[Labelled, Answer], ...]
    elsewhere: tuple[tuple[Labelled, Answer], ...]

    @property
    def refused_share(self) -> float:
        """The share of the covered questions that were refused."""
        return len(self.refused) / self.covered

    @property
    def answered_share(self) -> float:
        """The share of the uncovered questions that were answered from a page."""
        return len(self.answered) / self.uncovered

    @property
    def elsewhere_share(self) -> float:
        """The share of the covered questions whose answer rests on none of the pages that have it."""
        return len(self.elsewhere) / self.covered


@dataclass(frozen=True)
class Questioned:
    """The answers of a platform to everything that was asked, by question."""

    answers: dict[Asked, Answer]

    def sheet(self) -> list[Outcome]:
        """The hundred questions, judged."""
        return self._judged(sheet())

    def facts(self) -> list[Outcome]:
        """The facts of the book, judged."""
        return self._judged(facts())

    def suggested(self) -> list[Outcome]:
        """The questions that pages suggest, judged."""
        return self._judged(promised())

    def refusals(self, half: Half) -> Refusals:
        """What became of the labelled questions of a half; follow-ups are counted apart."""
        return self._refusals([*covered(half), *uncovered(half)])

    def follow_ups(self, half: Half) -> Refusals:
        """The same of the questions that need the conversation before them."""
        return self._refusals(follow_ups(half))

    def details(self, half: Half) -> Refusals:
        """The same of the questions about a detail of a page."""
        return self._refusals(details(half))

    def _judged(self, entries: Iterable[Entry]) -> list[Outcome]:
        answers = [(entry, self.answers[entry.as_asked]) for entry in entries]
        return [Outcome(entry, answer, tuple(entry.faults(answer))) for entry, answer in answers]

    def _refusals(self, questions: Iterable[Labelled]) -> Refusals:
        pairs = [(one, self.answers[one.as_asked]) for one in questions]
        within = [(one, answer) for one, answer in pairs if one.is_covered]
        return Refusals(
            covered=len(within),
            uncovered=len(pairs) - len(within),
            refused=tuple((one, answer) for one, answer in within if not answer.cites),
            answered=tuple((one, answer) for one, answer in pairs if not one.is_covered and answer.cites),
            elsewhere=tuple((one, a) for one, a in within if a.sources and not any_below(a.sources, one.pages)),
        )


def question(url: str, halves: Iterable[Half], *, everything: bool = True) -> Questioned:
    """Ask the baseline at a gateway: sheet, facts, suggested questions, and the labelled ones of `halves`.

    Details and follow-ups among the labelled ones are left out unless `everything` is wanted.
    """
    asked = [entry.as_asked for entry in (*sheet(), *facts(), *promised())]
    asked += [one.as_asked for half in halves for one in (*covered(half), *uncovered(half))]
    if everything:
        asked += [one.as_asked for half in halves for one in (*details(half), *follow_ups(half))]
    once = list(dict.fromkeys(asked))
    return Questioned(dict(zip(once, ask_all(url, once), strict=True)))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
