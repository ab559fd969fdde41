"""The local engine: answers by quoting the sentences of its passages that fit the question best.

Deterministic, and unable to invent: every sentence it says stands in a passage of the prompt, or is one of the fixed
sentences below. What it is not: a language model. It does not infer, translate, calculate or join facts of two
sentences, and it says so instead of trying.

Sentences are scored by the question's words they hold (weighted by rarity, as in BM25's idf), by whether they can
answer that kind of question (a number for "how many", a year for "when"), and by where they stand; they are then picked
one by one by maximal marginal relevance (Carbonell and Goldstein, 1998), which keeps repetition out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.prompt import Message, Passage, Prompt, read_prompt
from janus_platform.services.inference.sentences import Sentence, sentences_of
from janus_platform.services.inference.stemming import content_stems, topic_stems, words

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
# Below this share of the question's words in its best passage, the passages are about something else.
COVERAGE = 0.6
FEWEST, MOST = 4, 7
_RELEVANCE, _SAME = 0.7, 0.6  # MMR's lambda; the likeness from which two sentences say the same.
_WORTH_SAYING = 0.3  # A further sentence needs this share of the best one's score.
_CANDIDATES = 60
_DIRECT = re.compile(r"\s*(is|are|was|were|does|do|did|can|could|has|have|may|must|will|should)\b", re.I)
_KINDS = [
    (re.compile(r"\b(when|what (year|date|time)|which year|since when)\b", re.I), re.compile(r"\b1\d{3}\b|\b20\d\d\b")),
    (re.compile(r"\bhow (many|much|long|often|fast|far|big|large|old|high)\b", re.I), re.compile(r"\d")),
    (
        re.compile(r"\b(who|whose|by whom)\b", re.I),
        re.compile(r"(?<=\w )(?:[A-Z][a-zé'’-]+\s+)+[A-Z][a-zé'’-]+|[A-Z]\. ?[A-Z]"),
    ),
]
# A question for the reason is answered by a sentence that gives one. A text may
# explain without any such word, and then its place decides.
_EXPLAINING = (
    re.compile(r"\b(?:why|how come|how (?:do|does|did)|caus(?:e|es|ed|ing)|reasons?)\b", re.I),
    re.compile(r"\b(?:because|due to|caused? by|causes|owing to|results? (?:of|from)|comes? from|the reason)\b", re.I),
)
_DEFINING = re.compile(r"\b(?:is|are) (?=an? |the |one |what )|\b(?:means|refers to|describes)\b")
# Questions of the text itself, what it says of itself, quotes, or only announces.
_ASIDE = re.compile(r"[?:]$|\b(?:this|the) (?:page|article|section|chapter|table|figure)\b|^[\"“][^\"”]*[\"”]$", re.I)
_LEANS = re.compile(
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
    if not _covered(topic, prompt.passages):
        return " ".join(NOT_COVERED)
    scored = _scored(prompt, topic)
    if not scored:
        return " ".join(NOT_COVERED)
    return "\n\n".join([*_missing_names(prompt), *_paragraphs(_picked(scored), prompt)])


def _covered(topic: Sequence[str], passages: Sequence[Passage]) -> bool:
    if not topic:
        return True  # "Summarize this" is about whatever was given.
    held = (set(content_stems(f"{p.title}\n{p.text}")) for p in passages)
    return max(len(stems.intersection(topic)) for stems in held) / len(topic) >= COVERAGE


def _scored(prompt: Prompt, topic: Sequence[str]) -> list[_Scored]:
    """Every sentence with its score, best first; equal scores in the order of the prompt."""
    pairs = [
        (sentence, frozenset(content_stems(sentence.text)))
        for number, passage in enumerate(prompt.passages)
        for sentence in sentences_of(passage.text, number)
    ]
    frequency = Counter(stem for _, stems in pairs for stem in stems)
    weights = {stem: math.log(1 + len(pairs) / (1 + frequency[stem])) for stem in (topic or frequency)}
    titles = [_share(set(content_stems(passage.title)), topic) for passage in prompt.passages]
    overlaps = [
        max(_overlap(stems, weights, frequency, by_topic=bool(topic)), _titled(sentence, titles[sentence.passage]))
        for sentence, stems in pairs
    ]
    is_direct = _is_direct(prompt.question)
    wanted = next((pattern for asks, pattern in _KINDS if asks.search(prompt.question)), None)
    gives_reason = _EXPLAINING[0].search(prompt.question) is not None
    scored = []
    for place, (sentence, stems) in enumerate(pairs):
        score = overlaps[place]
        if (
            place
            and pairs[place - 1][0].passage == sentence.passage
            and pairs[place - 1][0].paragraph == sentence.paragraph
        ):
            score += 0.25 * overlaps[place - 1]  # What follows a fitting sentence usually goes on about it.
        if score == 0 and topic:
            continue
        # A text says first what it is about; for a date or a name, the place matters little.
        score += (0.1 if is_direct else 0.3) / (1 + sentence.position / 4) + 0.1 * titles[sentence.passage]
        score += 0.35 if wanted and overlaps[place] > 0 and wanted.search(sentence.text) else 0.0
        score += 0.35 if gives_reason and overlaps[place] > 0 and _EXPLAINING[1].search(sentence.text) else 0.0
        score += 0.2 if _defines(sentence, topic) else 0.0
        score -= 0.3 if _ASIDE.search(sentence.text) else 0.0
        scored.append(_Scored(sentence, stems, score))
    return sorted(scored, key=lambda s: (-s.score, s.sentence.passage, s.sentence.position))


def _titled(sentence: Sentence, share: float) -> float:
    """The overlap that a sentence has by its passage's title: where that names the question, it need not again.

    The first paragraph below a title that names all of it is the text's own short answer.
    """
    return 1.0 if share == 1.0 and sentence.paragraph == 0 else 0.3 * share


def _is_direct(question: str) -> bool:
    """Whether a person, a date, a number, yes or no is asked for."""
    return bool(_DIRECT.match(question)) or any(asks.search(question) for asks, _ in _KINDS)


def _overlap(stems: frozenset[str], weights: dict[str, float], frequency: Counter[str], *, by_topic: bool) -> float:
    if by_topic:
        return sum(weights[s] for s in stems if s in weights) / sum(weights.values())
    # With no question, the words that most sentences share say what the text is about.
    return sum(frequency[s] for s in stems) / (1 + len(stems)) / max(frequency.values(), default=1)


def _share(stems: set[str], topic: Sequence[str]) -> float:
    return len(stems.intersection(topic)) / len(topic) if topic else 0.0


def _defines(sentence: Sentence, topic: Sequence[str]) -> bool:
    """Whether the sentence begins with what is asked about, and only that, and says what it is."""
    head = _DEFINING.split(sentence.text, maxsplit=1)
    subject = set(content_stems(head[0]))
    return len(head) == 2 and bool(subject) and subject.issubset(topic)


def _picked(scored: Sequence[_Scored]) -> list[_Scored]:
    """Up to MOST sentences by maximal marginal relevance."""
    best = scored[0].score
    left = list(scored[:_CANDIDATES])
    picked: list[_Scored] = []
    while left and len(picked) < MOST:
        chosen = max(left, key=lambda s: _RELEVANCE * _in_context(s, picked) - (1 - _RELEVANCE) * _likeness(s, picked))
        left.remove(chosen)
        if _likeness(chosen, picked) > _SAME:
            continue
        if len(picked) >= FEWEST and chosen.score < _WORTH_SAYING * best:
            break
        picked.append(chosen)
        if (before := _leant_on(chosen.sentence, left)) is not None:
            left.remove(before)
            picked.append(before)
    return picked


def _in_context(candidate: _Scored, picked: Sequence[_Scored]) -> float:
    """Its score, less when it leans on a sentence before it that would have to be quoted as well."""
    if not _LEANS.match(candidate.sentence.text):
        return candidate.score
    return candidate.score * (1.0 if _leant_on(candidate.sentence, picked) else 0.85)


def _leant_on(sentence: Sentence, among: Sequence[_Scored]) -> _Scored | None:
    """The sentence before one that begins with "It", "This" and the like, if it is `among` these."""
    if not _LEANS.match(sentence.text):
        return None
    wanted = (sentence.passage, sentence.position - 1)
    return next((s for s in among if (s.sentence.passage, s.sentence.position) == wanted), None)


def _likeness(candidate: _Scored, picked: Sequence[_Scored]) -> float:
    return max((_jaccard(candidate.stems, p.stems) for p in picked), default=0.0)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def _paragraphs(picked: Sequence[_Scored], prompt: Prompt) -> list[str]:
    """One paragraph a passage, the best passage first, its sentences in their own order.

    A question for a person, a date, a number, yes or no is answered by its best sentence before the rest.
    """
    order = {p.sentence.passage: place for place, p in reversed(list(enumerate(picked)))}
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
