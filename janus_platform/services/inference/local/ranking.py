"""The sentences of a prompt's passages, scored by how well each answers the question.

A score adds up the question's words that the sentence holds (weighted by rarity, as in BM25's idf), its nearness in
meaning where an encoder is at hand, whether it can answer that kind of question (a number for "how many"), whether it
says what the thing asked about is, and where it stands.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from janus_platform.services.inference.local import weights as worth
from janus_platform.services.inference.local.meaning import Encode, cosines
from janus_platform.services.inference.local.prompt import Passage
from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.scored import Evidence, Scored
from janus_platform.services.inference.local.sentences import ROW, Sentence, sentences_of
from janus_platform.services.inference.local.signs import (
    ASIDE,
    COMMON,
    DEFINITION,
    LEANING,
    POINTING,
    REASON_HEADINGS,
    REASONS,
)
from janus_platform.services.inference.local.stemming import content_stems, passage_stems


class Ranking:
    """The sentences of `passages` as they fit a question, and the evidence for an answer.

    Nothing is encoded before `scored` or `evidence` is asked for.
    """

    def __init__(self, question: Question, passages: Sequence[Passage], encode: Encode | None = None) -> None:
        self._question, self._passages = question, passages
        self._sentences = [s for n, passage in enumerate(passages) for s in sentences_of(passage.text, n)]
        self._stems = [frozenset(passage_stems(" ".join((s.text, *s.items)))) for s in self._sentences]
        self._headings = [frozenset(passage_stems(s.heading)) for s in self._sentences]
        self._titles = [frozenset(passage_stems(p.title)) for p in passages]
        # Only what can be quoted counts: a word in a sample of code answers nothing.
        self._held = [
            self._titles[n].union(
                *(
                    stems | heading
                    for s, stems, heading in zip(self._sentences, self._stems, self._headings, strict=True)
                    if s.passage == n
                )
            )
            for n in range(len(passages))
        ]
        self._spell_out()
        self._frequency = Counter(stem for stems in self._stems for stem in stems)
        self.topic = self._understood()
        self._head = self._question.head(self.topic, COMMON)
        self._weights = self._weighed()
        self._whole = sum(self._weights.values())
        self._overlaps = [self._overlap(n) for n in range(len(self._sentences))]
        self._encode = encode
        self._leading = self._leading_sentences()

    def speaks_of_it(self, run: Sequence[Scored]) -> bool:
        """Whether sentences, with their headings and titles, have the question's names and numbers, and its rarest word
        or most of the others."""
        told = frozenset[str]()
        for scored in run:
            sentence = scored.sentence
            told |= scored.stems | self._titles[sentence.passage]
            told |= frozenset(passage_stems(" ".join((sentence.heading, *sentence.items))))
        names = {stem for stem in self.topic if stem[:1].isdigit() or stem in self._question.names}
        rarest = self.rarest
        fact = self._question.fact
        least = (
            worth.SOME_OF_IT if fact and any(fact.search(scored.sentence.text) for scored in run) else worth.MOST_OF_IT
        )
        telling = set(self.topic) - COMMON
        if self._question.asks_what and len(telling) <= 2 and not telling <= told:
            return False
        is_enough = self.share(told) >= least and not self._question.wants_reason
        return names <= told and (not rarest or rarest in told or is_enough)

    @cached_property
    def rarest(self) -> str:
        """The word of the question, as a stem, that fewest sentences hold, if any does; "" where it has none."""
        telling = [stem for stem in self.topic if stem not in COMMON]
        return max(telling, key=lambda stem: (self._frequency[stem] > 0, self._weights[stem]), default="")

    def is_of_the_kind(self, run: Sequence[Scored]) -> bool:
        """Whether sentences can answer such a question: "when" wants a date, "how many" a number, "what is" a sentence
        about that thing."""
        question = self._question
        if question.wants_measure and question.fact:
            return any(question.fact.search(" ".join((s.sentence.text, *s.sentence.items))) for s in run)
        if question.asks_what and self._head:
            return any(s.leads or self._is_about_head(s.sentence) for s in run)
        return True

    def _is_about_head(self, sentence: Sentence) -> bool:
        """Whether a sentence defines what is asked about, begins with it, or stands below a heading that names it."""
        heading = "" if sentence.heading.endswith("?") else sentence.heading
        begins = " ".join(sentence.text.split()[:3])
        return self._head in passage_stems(f"{heading} {begins}") or self._defines(sentence)

    def _spell_out(self) -> None:
        """Count an abbreviation as said where its words are: DNS where "Domain Name System" is."""
        for stem, written in self._question.abbreviations:
            for passage, text in enumerate(p.text for p in self._passages):
                if stem not in self._held[passage] and written.search(text):
                    self._held[passage] |= {stem}
            for number, sentence in enumerate(self._sentences):
                if written.search(sentence.text):
                    self._stems[number] |= {stem}

    def _understood(self) -> list[str]:
        """The topic's stems; one that no passage holds becomes the one that it is a misspelling of, if any."""
        known = frozenset().union(*self._held)
        topic: list[str] = []
        for stem in self._parts_of_topic(known):
            if stem not in known and len(stem) >= 5 and len(known) < 20_000:
                near = sorted(word for word in known if abs(len(word) - len(stem)) <= 2 and word[:1] == stem[:1])
                close = difflib.get_close_matches(stem[:40], near, n=1, cutoff=worth.ALIKE)
                stem = close[0] if close else stem
            topic.append(stem)
        return list(dict.fromkeys(topic))

    def _parts_of_topic(self, known: frozenset[str]) -> Iterator[str]:
        """The topic's stems, one with a hyphen in its parts where a passage writes them side by side."""
        for stem in self._question.topic:
            parts = content_stems(stem.replace("-", " ")) if "-" in stem and stem not in known else []
            beside = re.compile(r"\W{1,2}".join(map(re.escape, parts[:8])), re.I)
            yield from parts if parts and any(beside.search(f"{p.title} {p.text}") for p in self._passages) else [stem]

    def _weighed(self) -> dict[str, float]:
        """The weight of each stem of the topic: its rarity; of one that no passage has, the mean of the others'."""
        known = frozenset().union(*self._held)
        rarity = {s: math.log(3 + (1 + len(self._sentences)) / (1 + self._frequency[s])) for s in self.topic}
        told = [rarity[s] for s in self.topic if s in known and s not in COMMON]
        mean = sum(told) / len(told) if told else math.log(3 + len(self._sentences))
        weights = {
            s: rarity[s] if s in known else mean * (worth.A_NAME if s in self._question.names else 1.0) for s in rarity
        }
        return {s: weight * (worth.COMMON_WEIGHT if s in COMMON else 1.0) for s, weight in weights.items()}

    def share(self, stems: frozenset[str]) -> float:
        """How much of the question's words `stems` has, by their weights, from 0 to 1."""
        return sum(self._weights[s] for s in self.topic if s in stems) / self._whole if self._whole else 0.0

    def _overlap(self, number: int) -> float:
        """How much of the question's words the sentence holds, its heading and title counted in part, from 0 to 1."""
        sentence, stems = self._sentences[number], self._stems[number]
        if not self.topic:
            # With no question, the words that most sentences share say what the text is about.
            shared = sum(self._frequency[stem] for stem in stems) / (1 + len(stems))
            return shared / max(self._frequency.values(), default=1)
        title = self._titles[sentence.passage]
        total = 0.0
        for stem in self.topic:
            held = 1.0 if stem in stems else worth.IN_HEADING if stem in self._headings[number] else 0.0
            total += self._weights[stem] * max(held, worth.IN_TITLE if stem in title else 0.0)
        return total / self._whole

    @cached_property
    def scored(self) -> list[Scored]:
        """Every sentence with its score, in the order of the prompt."""
        return [self._score(n) for n in range(len(self._sentences))]

    @cached_property
    def _cosines(self) -> dict[int, float]:
        """The cosines of the sentences that are best by words, and of each passage's first one, by their numbers."""
        if self._encode is None or not self.topic:
            return {}
        firsts = [n for n, s in enumerate(self._sentences) if s.position == 0 and s.passage < worth.COMPARED // 3]
        best = sorted(range(len(self._sentences)), key=lambda n: (-round(self._overlaps[n], 6), n))
        best = [n for n in best if not self._sentences[n].heading.endswith("?")]
        chosen = (
            sorted(dict.fromkeys([*firsts, *best]))
            if len(best) <= worth.COMPARED
            else sorted(list(dict.fromkeys([*firsts, *best]))[: worth.COMPARED])
        )
        # The vector of a heading that asks comes with the index.
        chosen += [n for n, s in enumerate(self._sentences) if s.heading.endswith("?") and n not in chosen]
        near = cosines(self._encode, self._question.text, [self._in_context(n) for n in chosen])
        return dict(zip(chosen, near or (), strict=False))

    def _in_context(self, number: int) -> str:
        sentence = self._sentences[number]
        if sentence.heading.endswith("?"):
            return sentence.heading
        title = self._passages[sentence.passage].title
        text = " ".join((sentence.text, *sentence.items))[:400]
        return f"{title}\n{text}" if title else text

    def _score(self, number: int) -> Scored:
        sentence, question = self._sentences[number], self._question
        leads = not question.is_direct and number in self._leading
        overlap = max(self._overlaps[number], worth.LEADING_HOLDS if leads else 0.0)
        score = overlap + worth.MEANING * self._cosines.get(number, 0.0)
        before = number - 1
        if before >= 0 and self._is_same_paragraph(before, number):
            score += worth.AFTER_A_FITTING_ONE * self._overlaps[before]
        title_share = self.share(self._titles[sentence.passage])
        beginning = worth.AT_THE_BEGINNING_OF_A_FACT if question.is_direct else worth.AT_THE_BEGINNING
        score += beginning / (1 + sentence.position / worth.BEGINNING_HALVES_AT) + worth.BY_TITLE * title_share
        score += worth.LEADING if leads else 0.0
        if question.fact and question.fact.search(sentence.text):
            score += worth.OF_THE_KIND_ASKED_FOR * min(1.0, 2 * overlap)
        if question.wants_reason and REASONS.search(sentence.text):
            score += worth.REASONING
        if not question.is_direct and self._defines(sentence):
            score += worth.DEFINING
        if question.wants_reason and self._gives_the_reason(number):
            score += worth.REASON_HEADING
        if sentence.text.endswith(":") and not sentence.items:
            score += worth.ANNOUNCING
        score += worth.FRAGMENT.get(sentence.kind, 0.0)
        if sentence.items and question.wants_list:
            score += worth.A_LIST_THAT_IS_ASKED_FOR
        score += worth.EARLIER_PASSAGE / (1 + sentence.passage)
        if ASIDE.search(sentence.text) or (sentence.kind == ROW and not self._row_answers(number)):
            score = 0.0
        if self._begins_in_the_middle(sentence):
            score = 0.0
        if overlap < worth.LITTLE and self._cosines.get(number, 0.0) < worth.NEAR:
            score *= worth.LITTLE
        return Scored(
            sentence,
            self._stems[number],
            round(score, 6),
            overlap,
            leads,
            self._gives_the_reason(number),
            self._leans(sentence),
        )

    def _begins_in_the_middle(self, sentence: Sentence) -> bool:
        """Whether a small letter begins it, and not that of a name such as asyncio."""
        first = sentence.text.split(maxsplit=1)[0]
        if not first[:1].islower() or sentence.kind == ROW or re.search(r"[A-Z0-9_./()]", first):
            return False
        return not set(passage_stems(first)) & (self._titles[sentence.passage] | set(self.topic))

    def _leans(self, sentence: Sentence) -> bool:
        if LEANING.match(sentence.text):
            return True
        pointing = POINTING.match(sentence.text)
        return pointing is not None and not set(content_stems(pointing[0])) & set(self.topic)

    def _leading_sentences(self) -> frozenset[int]:
        """The first sentence of every passage and section that is about what is asked."""
        leading: set[int] = set()
        seen: set[tuple[int, str]] = set()
        for number, sentence in enumerate(self._sentences):
            section = (sentence.passage, sentence.heading)
            if section in seen or sentence.kind == ROW or ASIDE.search(sentence.text) or self._leans(sentence):
                continue
            is_first = not any(passage == sentence.passage for passage, _ in seen)
            if is_first and sentence.passage and not self._passages[sentence.passage].text.lstrip().startswith("#"):
                # A piece of a page, not its beginning.
                is_first = False
            seen.add(section)
            title, heading = self._titles[sentence.passage], self._headings[number]
            names = title if is_first else title | heading if self.share(heading) else frozenset()
            is_named = self.share(names) >= (
                worth.NAMED_WITH_HEAD if self._head in (title if is_first else heading) else worth.NAMED
            )
            if is_named or (is_first and self._is_about(sentence.passage)):
                leading.add(number)
        return frozenset(leading)

    def _is_about(self, passage: int) -> bool:
        """Whether a passage speaks of a short topic again and again."""
        if not 1 <= len(self.topic) <= 2:
            return False
        counts = Counter(content_stems(self._passages[passage].text))
        return all(counts[stem] >= worth.OFTEN for stem in self.topic)

    def _row_answers(self, number: int) -> bool:
        """Whether a table's row is about what is asked: its first cell names a part of it, and the rest another."""
        sentence, topic = self._sentences[number], set(self.topic)
        about, told = topic & set(passage_stems(sentence.text)), topic & set(passage_stems(" ".join(sentence.items)))
        fact = self._question.fact
        if fact and fact.search(sentence.text) and self.share(frozenset(told)) >= worth.NAMED:
            return True
        return fact is not None and bool(about) and bool(told - about)

    def _gives_the_reason(self, number: int) -> bool:
        """Whether it is the first below a heading such as "Causes", or one that says why of what is asked."""
        heading = REASON_HEADINGS.sub("", self._sentences[number].heading)
        told = set(content_stems(heading)) - COMMON
        has_reason = heading != self._sentences[number].heading
        return has_reason and told <= set(self.topic) and self._is_first_below(number)

    def _is_first_below(self, number: int) -> bool:
        """Whether a sentence is the first of its section."""
        before, sentence = self._sentences[number - 1] if number else None, self._sentences[number]
        return before is None or (before.passage, before.heading) != (sentence.passage, sentence.heading)

    def _is_same_paragraph(self, one: int, other: int) -> bool:
        a, b = self._sentences[one], self._sentences[other]
        return (a.passage, a.paragraph) == (b.passage, b.paragraph)

    def _defines(self, sentence: Sentence) -> bool:
        """Whether it begins with what is asked about, and says what it is or does."""
        head = DEFINITION.split(sentence.text, maxsplit=1)
        if len(head) != 2 or LEANING.match(sentence.text):
            return False
        subject = set(content_stems(head[0]))
        shared = subject & set(self.topic)
        names_it = self._head in subject or len(shared) == len(self.topic)
        return names_it and len(shared) >= len(subject) - 2 and len(shared) >= (len(self.topic) + 1) // 2

    @cached_property
    def evidence(self) -> Evidence:
        """What speaks for an answer."""
        if not self.topic:
            return Evidence(1.0, 1.0, None, 0.0)
        known = frozenset().union(*self._held)
        passage = max((self.share(held) for held in self._held), default=0.0)
        missing = sum(self._weights[s] for s in self.topic if s not in known)
        meaning = max(self._cosines.values(), default=None) if self._cosines else None
        return Evidence(
            round(passage, 3), round(max(self._overlaps, default=0.0), 3), meaning, round(missing / self._whole, 3)
        )


__all__ = ["Evidence", "Ranking", "Scored"]
