"""The form that a question wants for its answer: which of its sentences ask, and which only describe the form.

"Who proposed it? Name your source." asks one thing; the second sentence must not be searched for. What is read here is
how people say such things; a form that is not recognised is left to the model, which gets the whole question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=\S)|\n+")
_FORM = re.compile(
    r"(?:please |and |then |also )*(?:(?:reply|respond|end|finish|return|write|give|state|cite|name|use|round|keep|say"
    r"|show|format|mention|add|put|answer)\b(?=.*\b(?:answer|number|result|source|url|link|letter|word|sentence|line|json"
    r"|tool|decimal|only|nothing else|code block|list|format|which|what|how long|yourself)s?\b)"
    r"|(?:in )?(?:one|a single|two|at most \w+) (?:short )?(?:sentence|word|line|paragraph)s?\b"
    r"|(?:the )?(?:number|result|name|answer|value|code(?: block)?|word|list|date) only\b"
    r"|(?:just|only) (?:the |a |with the )?(?:number|result|name"
    r"|answer|value|code|word|list|date|letter|text)\b"
    r"|repeat it\b|no (?:prose|explanation|other text)\b|nothing else\b)",
    re.I,
)
_ANSWER_LINE = re.compile(r"\b(?:end|finish)\b[^.?!\n]{0,60}[\"'“‘]answer:\s*<?", re.I)
_BARE = re.compile(
    r"\b(?:number|result|value|name|sum|total|it|word|city|letter|date|fraction|code|list|line|string|text)"
    r" (?:only|alone)\b"
    r"|\b(?:only|just) (?:with )?the (?:number|result|value|name|word|date|letter|code)\b"
    r"|\bnothing else\b|\bone word\b",
    re.I,
)
_DECIMALS = re.compile(r"(?:,\s*+|(?<!\s)\s*+)\b(?:to|with) (one|two|three|four|five|six|[1-6]) decimals?\b", re.I)
_COUNTS = ("one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Form:
    """What is asked (`core`), the sentences that speak of the answer's form, and what of them a program can keep to."""

    core: str
    wishes: str = ""
    answer_line: bool = False
    bare: bool = False
    decimals: int | None = None

    def shown(self, said: str, value: str) -> str:
        """An answer that a program found: `said` as a sentence, or `value` as the question wants it shown."""
        if self.bare:
            return value
        return f"{said}\n\nAnswer: {value}" if self.answer_line else said


def read_form(text: str) -> Form:
    """Take a question apart. A question that is all form, or has one sentence, stays whole."""
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    asking = [part for part in sentences if not _FORM.match(part)]
    if not asking or len(text) > 4_000:
        asking = sentences
    wishes = [part for part in sentences if part not in asking]
    decimals = _DECIMALS.search(text)
    return Form(
        _DECIMALS.sub("", " ".join(asking) if wishes else text),
        " ".join(wishes),
        answer_line=bool(_ANSWER_LINE.search(text)),
        bare=bool(_BARE.search(text)) and not _ANSWER_LINE.search(text),
        decimals=_count(decimals[1].lower()) if decimals else None,
    )


def _count(said: str) -> int:
    return _COUNTS.index(said) + 1 if said in _COUNTS else int(said)
