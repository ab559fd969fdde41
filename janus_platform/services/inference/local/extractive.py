"""The local engine: answers by quoting the sentences of its passages that fit the question best.

Deterministic, and unable to invent: every sentence of an answer stands in a passage of the prompt, or is one of the
fixed sentences below. What it is not: a language model. It does not infer, translate, calculate or join facts of two
sentences, and it says so instead of trying.

Sentences are scored by the question's words they hold (weighted by rarity, as in BM25's idf), by whether they can
answer that kind of question (a number for "how many", a year for "when"), and by where they stand; they are then picked
one by one by maximal marginal relevance (Carbonell and Goldstein, 1998), which keeps repetition out.

The weights below were set by hand on the book's own questions (tests/platform/test_example_questions.py holds them). A
score of 1 means that a sentence holds every word of the question; each weight says what else is worth how much of that.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.local.prompt import Message, Passage, Prompt, read_prompt
from janus_platform.services.inference.local.sentences import Sentence, sentences_of
from janus_platform.services.inference.local.stemming import content_stems, topic_stems, words

FINGERPRINT = "janus-local-extractive-1"
NOT_COVERED = (
    "The given passages do not cover this question.",
    "I answer only from the passages in my prompt, so I have nothing to say about it.",
)
NOT_MENTIONED = "The given passages say nothing about {}."
NO_PASSAGES = (
    "I am janus-local-extractive-1, an extractive engine: I answer only by quoting passages that stand in my prompt, "
    "and this prompt has none. Give them like this:\n\n"
    "Question: What is a three-way handshake?\n"
    "Passages:\n"
    "[1] Title of the page — https://example.com/article\n"
    "The text of the page, in Markdown."
)
# Below this share of the question's words in its best passage, the passages are about something else: of two words
# both must be there, of three two.
COVERAGE = 0.6

# What a sentence scores beside its words.
# What follows a fitting sentence usually goes on about it, but a sentence that fits by itself is better.
AFTER_A_FITTING_ONE = 0.25
# A text says first what it is about; for a date or a name, the place matters little.
AT_THE_BEGINNING, AT_THE_BEGINNING_OF_A_FACT = 0.3, 0.1
# The place counts half as much from this sentence on.
BEGINNING_HALVES_AT = 4
# A page whose title names the question is about it; alone it decides only between sentences that are otherwise alike.
BY_TITLE = 0.1
# Where the title names the question, a sentence below it need not again; a title alone is no answer, though.
TITLE_AS_WORDS = 0.3
# A number for "how many", a reason for "why": worth more than one of three words of the question.
OF_THE_KIND_ASKED_FOR = 0.35
# "Tides are the rise and fall of …" explains; less than the right kind, since many questions ask for no definition.
DEFINING = 0.2
# A question of the text itself, a quotation, an announcement: outweighs the best place in the text.
ASIDE = -0.3

# How many sentences are picked. Fewer than FEWEST only where there are no more.
FEWEST, MOST = 4, 7
# From here on a further sentence needs this share of the best one's score.
WORTH_ADDING = 0.3
# Maximal marginal relevance's lambda: 1 would repeat, 0 would pick what is new and beside the point.
RELEVANCE = 0.7
# Sentences with this share of their words in common say the same.
SAME = 0.6
# A sentence that begins with "It" without the one before it is a little worse for a reader.
OUT_OF_CONTEXT = 0.85
# Only the best sentences are compared with each other: the work grows with their square.
MAX_CANDIDATES = 60

_YES_OR_NO = re.compile(r"\s*(is|are|was|were|does|do|did|can|could|has|have|may|must|will|should)\b", re.I)
# Questions for a fact, and what a sentence holds that can answer them.
_FACTS = [
    (re.compile(r"\b(when|what (year|date|time)|which year|since when)\b", re.I), re.compile(r"\b1\d{3}\b|\b20\d\d\b")),
    (re.compile(r"\bhow (many|much|long|often|fast|far|big|large|old|high)\b", re.I), re.compile(r"\d")),
    (
        re.compile(r"\b(who|whose|by whom)\b", re.I),
        re.compile(r"(?<=\w )(?:[A-Z][a-zé'’-]+\s+)+[A-Z][a-zé'’-]+|[A-Z]\. ?[A-Z]"),
    ),
]
# A question for the reason, and the words that give one. A text may explain without any; then its place decides.
_REASONS = (
    re.compile(r"\b(?:why|how come|how (?:do|does|did)|caus(?:e|es|ed|ing)|reasons?)\b", re.I),
    re.compile(r"\b(?:because|due to|caused? by|causes|owing to|results? (?:of|from)|comes? from|the reason)\b", re.I),
)
_DEFINITION = re.compile(r"\b(?:is|are) (?=an? |the |one |what )|\b(?:means|refers to|describes)\b")
_ASIDE = re.compile(r"[?:]$|\b(?:this|the) (?:page|article|section|chapter|table|figure)\b|^[\"“][^\"”]*[\"”]$", re.I)
_LEANING = re.compile(
    r"(It|Its|This|That|These|Those|They|Their|Such|He|She|His|Her|However|But|And|So|Then|Instead|Therefore|Both|Here)\b"
)


@dataclass(frozen=True)
class _Scored:
    sentence: Sentence
    stems: frozenset[str]
    score: float


def answer(messages: Sequence[Message]) -> str:
    """The engine's answer to a conversation, in Markdown paragraphs."""
    prompt = read_prompt(messages)
    if not prompt.passages:
        return NO_PASSAGES
    topic = topic_stems(prompt.question)
    scored = _Scorer(prompt, topic).scored() if _is_covered(topic, prompt.passages) else []
    if not scored:
        return " ".join(NOT_COVERED)
    return "\n\n".join([*_missing_names(prompt), *_paragraphs(_picked(scored), prompt)])


def _is_covered(topic: Sequence[str], passages: Sequence[Passage]) -> bool:
    if not topic:
        return True  # "Summarize this" is about whatever was given.
    return max(_share(set(content_stems(f"{p.title}\n{p.text}")), topic) for p in passages) >= COVERAGE


class _Scorer:
    """The scores of one prompt's sentences."""

    def __init__(self, prompt: Prompt, topic: Sequence[str]) -> None:
        self._topic = topic
        self._sentences = [
            (sentence, frozenset(content_stems(sentence.text)))
            for number, passage in enumerate(prompt.passages)
            for sentence in sentences_of(passage.text, number)
        ]
        self._frequency = Counter(stem for _, stems in self._sentences for stem in stems)
        self._weights = {
            stem: math.log(1 + len(self._sentences) / (1 + self._frequency[stem])) for stem in topic or self._frequency
        }
        self._title_shares = [_share(set(content_stems(passage.title)), topic) for passage in prompt.passages]
        self._overlaps = [self._overlap(sentence, stems) for sentence, stems in self._sentences]
        facts = [gives for asks, gives in _FACTS if asks.search(prompt.question)]
        reasons = [gives for asks, gives in [_REASONS] if asks.search(prompt.question)]
        self._kinds = facts[:1] + reasons
        self._is_direct = _is_direct(prompt.question)

    def scored(self) -> list[_Scored]:
        """Every sentence that has to do with the question, best first; equal scores in the order of the prompt."""
        scored = []
        for position, (sentence, stems) in enumerate(self._sentences):
            score = self._overlaps[position] + AFTER_A_FITTING_ONE * self._overlap_before(position)
            if score > 0 or not self._topic:
                score += self._of_place(sentence) + self._of_content(sentence, self._overlaps[position] > 0)
                scored.append(_Scored(sentence, stems, score))
        return sorted(scored, key=lambda s: (-s.score, s.sentence.passage, s.sentence.position))

    def _overlap(self, sentence: Sentence, stems: frozenset[str]) -> float:
        """How much of the question's words the sentence holds, or its passage's title for it, from 0 to 1."""
        if not self._topic:
            # With no question, the words that most sentences share say what the text is about.
            shared = sum(self._frequency[stem] for stem in stems) / (1 + len(stems))
            return shared / max(self._frequency.values(), default=1)
        by_words = sum(self._weights[stem] for stem in stems if stem in self._weights) / sum(self._weights.values())
        by_title = self._title_shares[sentence.passage]
        # The first paragraph below a title that names all of the question is the text's own short answer.
        is_short_answer = by_title == 1.0 and sentence.paragraph == 0
        return max(by_words, 1.0 if is_short_answer else TITLE_AS_WORDS * by_title)

    def _overlap_before(self, position: int) -> float:
        """The overlap of the sentence before one, in the same paragraph."""
        if position == 0:
            return 0.0
        before, sentence = self._sentences[position - 1][0], self._sentences[position][0]
        is_same = (before.passage, before.paragraph) == (sentence.passage, sentence.paragraph)
        return self._overlaps[position - 1] if is_same else 0.0

    def _of_place(self, sentence: Sentence) -> float:
        beginning = AT_THE_BEGINNING_OF_A_FACT if self._is_direct else AT_THE_BEGINNING
        return (
            beginning / (1 + sentence.position / BEGINNING_HALVES_AT) + BY_TITLE * self._title_shares[sentence.passage]
        )

    def _of_content(self, sentence: Sentence, fits: bool) -> float:
        kinds = sum(OF_THE_KIND_ASKED_FOR for gives in self._kinds if fits and gives.search(sentence.text))
        defining = DEFINING if _defines(sentence, self._topic) else 0.0
        return kinds + defining + (ASIDE if _ASIDE.search(sentence.text) else 0.0)


def _is_direct(question: str) -> bool:
    """Whether a person, a date, a number, yes or no is asked for."""
    return bool(_YES_OR_NO.match(question)) or any(asks.search(question) for asks, _ in _FACTS)


def _share(stems: set[str], topic: Sequence[str]) -> float:
    return len(stems.intersection(topic)) / len(topic) if topic else 0.0


def _defines(sentence: Sentence, topic: Sequence[str]) -> bool:
    """Whether the sentence begins with what is asked about, and only that, and says what it is."""
    head = _DEFINITION.split(sentence.text, maxsplit=1)
    subject = set(content_stems(head[0]))
    return len(head) == 2 and bool(subject) and subject.issubset(topic)


def _picked(scored: Sequence[_Scored]) -> list[_Scored]:
    """Up to MOST sentences by maximal marginal relevance."""
    left = list(scored[:MAX_CANDIDATES])
    picked: list[_Scored] = []
    while left and len(picked) < MOST:
        best = max(left, key=lambda s: RELEVANCE * _in_context(s, picked) - (1 - RELEVANCE) * _likeness(s, picked))
        left.remove(best)
        if _likeness(best, picked) > SAME:
            continue
        if len(picked) >= FEWEST and best.score < WORTH_ADDING * scored[0].score:
            break
        picked.append(best)
        if (before := _leant_on(best.sentence, left)) is not None:
            left.remove(before)
            picked.append(before)
    return picked


def _in_context(candidate: _Scored, picked: Sequence[_Scored]) -> float:
    """Its score, less when it leans on a sentence before it that would have to be quoted as well."""
    is_understood = not _LEANING.match(candidate.sentence.text) or _leant_on(candidate.sentence, picked)
    return candidate.score * (1.0 if is_understood else OUT_OF_CONTEXT)


def _leant_on(sentence: Sentence, among: Sequence[_Scored]) -> _Scored | None:
    """The sentence before one that begins with "It", "This" and the like, if it is `among` these."""
    if not _LEANING.match(sentence.text):
        return None
    before = (sentence.passage, sentence.position - 1)
    return next((s for s in among if (s.sentence.passage, s.sentence.position) == before), None)


def _likeness(candidate: _Scored, picked: Sequence[_Scored]) -> float:
    """The largest share of words in common with a sentence that is picked already (Jaccard)."""
    shares = (len(candidate.stems & p.stems) / max(1, len(candidate.stems | p.stems)) for p in picked)
    return max(shares, default=0.0)


def _paragraphs(picked: Sequence[_Scored], prompt: Prompt) -> list[str]:
    """One paragraph a passage, the best passage first, its sentences in their own order.

    A question for a person, a date, a number, yes or no is answered by its best sentence before the rest.
    """
    order = {p.sentence.passage: rank for rank, p in reversed(list(enumerate(picked)))}
    first = {picked[0], _leant_on(picked[0].sentence, picked)} if _is_direct(prompt.question) else set()
    groups: dict[tuple[int, int], list[Sentence]] = {}
    for p in picked:
        key = (-1, 0) if p in first else (order[p.sentence.passage], p.sentence.passage)
        groups.setdefault(key, []).append(p.sentence)
    return [
        " ".join(_cited(s, prompt.passages) for s in sorted(groups[key], key=lambda s: s.position))
        for key in sorted(groups)
    ]


def _cited(sentence: Sentence, passages: Sequence[Passage]) -> str:
    number = passages[sentence.passage].number
    return sentence.text if number is None else f"{sentence.text} [{number}]"


def _missing_names(prompt: Prompt) -> list[str]:
    """A sentence for the names in the question that no passage mentions."""
    held = {stem for p in prompt.passages for stem in content_stems(f"{p.title}\n{p.text}")}
    later = words(prompt.question)[1:]
    names = [w for w in later if w[0].isupper() and (s := topic_stems(w)) and s[0] not in held]
    return [NOT_MENTIONED.format(", ".join(dict.fromkeys(names)))] if names else []
