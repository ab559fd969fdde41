"""What a question asks for: its kind, its topic, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from janus_platform.services.inference.local.stemming import STOP_WORDS, stem, topic_stems, words

_YES_OR_NO = re.compile(r"\s*(is|are|was|were|does|do|did|can|could|has|have|may|must|will|should)\b", re.I)
# Questions for a fact, and what a sentence holds that can answer them.
_FACTS = [
    (
        re.compile(r"\b(when|what (year|date|time)|which year|since when|how long ago)\b", re.I),
        re.compile(r"\b1\d{3}\b|\b20\d\d\b"),
    ),
    (
        re.compile(r"\bhow (?:long|often|quickly)\b", re.I),
        re.compile(
            r"\d|\b(?:half|once|twice|few|(?:a|an|one|each|every) (?:second|minute|hour|day|night|week|year))", re.I
        ),
    ),
    (
        re.compile(
            r"\bhow (many|much|long|often|fast|far|big|large|old|high|hot|deep|heavy|small|wide|tall|thick)\b"
            r"|\bwhat (?:share|percentage|fraction|number|weight|size|distance|limit)\b"
            r"|\b(?:rate limit|limit|maximum|minimum|weight|size|length|temperature|duration|number|port|period"
            r"|ratio|distance|share)s?\b(?=[^.]{0,60}\?|$)",
            re.I,
        ),
        re.compile(
            r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|twice|hundred|thousand|million"
            r"|billion)\b",
            re.I,
        ),
    ),
    (
        re.compile(r"\b(who|whose|by whom)\b", re.I),
        re.compile(r"(?<=\w )(?:[A-Z][a-zé'’-]+\s+)+[A-Z][a-zé'’-]+|[A-Z]\. ?[A-Z]|^[A-Z][a-zé]+ [A-Z][a-zé]+"),
    ),
]
# "How long" asks for a measure; the answer need not hold the word.
_MEASURE = re.compile(r"\bhow (?:many|much|long|often|fast|far|big|large|high|small|quickly)\b", re.I)
_WHEN = re.compile(r"\W*(?:and |in )?(?:when (?:did|was|were|had)|(?:in )?(?:what|which) year)\b", re.I)
_CHOICE = re.compile(r"\b(?:which|where|what (?!(?:is|are|was|were|does|do|did|happens|has|can)\b)\w+)\b", re.I)
# "What is the base URL of …" asks for a thing's property, "What is a base URL?" for what it is.
_PROPERTY = re.compile(r"\bwhat(?:'s| is| are| was| were) (?:the|its|their)\b.{0,60}\b(?:of|for|in|at|on|between)\b"
                       r"|\bwhat(?:'s| is| are) \S{0,40}['’]s\b"
                       r"|^\W*(?:the )?[\w-]{2,20}(?: [\w-]{2,20})? of the\b", re.I)  # fmt: skip
_REASON = re.compile(
    r"\b(?:why|how come|caus(?:e|es|ed|ing)|reasons?|what (?:makes|made|lets|creates|produces))\b", re.I
)
_MANNER = re.compile(r"\bhow (?:do|does|did|is|are|was|were|to|can|could|should|would|it)\b", re.I)
_DEFINITION = re.compile(
    r"^\W*(?:please\s+)?(?:can you\s+|could you\s+)?(?:what(?:'s| is| are| was| were)\b|define\b|explain\b|describe\b"
    r"|tell me(?: more)? about\b|what do you know about\b|what does .{1,60}\bmean\b|who (?:is|was)\b)",
    re.I,
)
_LISTING = re.compile(
    r"\b(?:which|list|steps?|stages?|parts?|kinds?|types?|hosts?|rules?|what (?:must|should|does|do|are))\b", re.I
)
_PAIR = re.compile(
    r"(?:^|\b(?:between|is|are|does|do|compare|of)\s)\s{0,3}(?:the\s{1,3})?"
    r"([\w .+/-]{1,50}?)\s{1,3}(?:and|vs\.?|versus|with|to|different from"
    r"|differ from|compared? (?:to|with))\s{1,3}(?:the\s{1,3})?([\w .+/-]{1,50}?)\s{0,9}+[?.!]{0,9}+$",
    re.I,
)
_COMPARISON = re.compile(r"\b(?:differen(?:ce|t)|differ|compare[ds]?|comparison|versus|vs)\b", re.I)


@dataclass(frozen=True)
class Question:
    """A question's text, and what it asks for."""

    text: str

    @cached_property
    def topic(self) -> list[str]:
        """The stems of what it is about, each once."""
        return topic_stems(_MEASURE.sub("how", self.text))

    def head(self, topic: Sequence[str], common: frozenset[str]) -> str:
        """The stem among `topic` that the others only narrow: "bucket" of a token bucket, "generator" in Python."""
        before = re.split(r"\b(?:in|of|for|on|from|with|and|to)\b", self.text)[0]
        told = [stem for stem in topic if stem in topic_stems(before)] or list(topic)
        telling = [stem for stem in told if stem not in common] or told
        return telling[-1] if telling else ""

    @cached_property
    def names(self) -> frozenset[str]:
        """The stems of words that are written as names, or that hold a digit."""
        later = [w for w in words(self.text)[1:] if w[:1].isupper() or any(c.isdigit() for c in w)]
        shouted = self.text.isupper()
        return frozenset() if shouted else frozenset(stem(w) for w in later if w.casefold() not in STOP_WORDS)

    @cached_property
    def abbreviations(self) -> list[tuple[str, re.Pattern[str]]]:
        """The stem of each abbreviation of three to five capitals, and what it looks like when it is spelt out."""
        found = [] if self.text.isupper() else re.findall(r"\b[A-Z]{3,5}\b", self.text)
        return [
            (stem(word), re.compile(r"\b" + r"[ -]".join(rf"{letter}[a-z]{{1,20}}" for letter in word) + r"\b", re.I))
            for word in dict.fromkeys(found[:4])
        ]

    @cached_property
    def fact(self) -> re.Pattern[str] | None:
        """What a sentence holds that answers it, where a date, a number or a person is asked for."""
        return next((gives for asks, gives in _FACTS if asks.search(self.text)), None)

    @cached_property
    def wants_measure(self) -> bool:
        """Whether it asks "when" or "how many": what answers it has a date or a number."""
        asks_when = _WHEN.match(self.text) is not None
        return asks_when or _MEASURE.search(self.text) is not None

    @cached_property
    def asks_what(self) -> bool:
        """Whether it says in so many words that it wants to know what something is."""
        return self.defines and _DEFINITION.match(self.text) is not None

    @cached_property
    def wants_decision(self) -> bool:
        """Whether yes or no is asked for."""
        return _YES_OR_NO.match(self.text) is not None

    @cached_property
    def wants_reason(self) -> bool:
        return bool(_REASON.search(self.text))

    @cached_property
    def wants_manner(self) -> bool:
        return bool(_MANNER.search(self.text)) and self.fact is None

    @cached_property
    def wants_list(self) -> bool:
        return bool(_LISTING.search(self.text))

    @cached_property
    def compares(self) -> bool:
        return bool(_COMPARISON.search(self.text))

    @cached_property
    def compared(self) -> tuple[str, str] | None:
        """The two things that are compared, where it asks for their difference."""
        pair = _PAIR.search(self.text) if self.compares else None
        return (pair[1].strip(), pair[2].strip()) if pair else None

    @cached_property
    def is_direct(self) -> bool:
        """Whether a person, a date, a number, a choice, yes or no is asked for: one sentence answers it."""
        asked = self.fact or _CHOICE.search(self.text) or _PROPERTY.search(self.text) or _YES_OR_NO.match(self.text)
        return bool(asked) and not self.wants_reason and not self.compares

    @cached_property
    def defines(self) -> bool:
        """Whether it asks what something is, or only names it."""
        named = len(self.topic) <= 3 and not re.search(r"\b(?:how|why|when|where|which|who)\b", self.text, re.I)
        return (bool(_DEFINITION.match(self.text)) or named) and not self.is_direct and not self.wants_reason
