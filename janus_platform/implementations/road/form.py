"""The form that a question asks for, and a result put into that form."""

import re
from dataclasses import dataclass

SPELT = "one two three four five six seven eight nine ten".split()
COUNT = rf"(\d+|{'|'.join(SPELT)})"
DECIMALS = re.compile(rf"\bto {COUNT} decimals?\b", re.I)
SENTENCES = re.compile(rf"\b{COUNT} (?:short )?sentences?\b", re.I)
WORDS = re.compile(rf"\b{COUNT} words?\b", re.I)
POINTS = re.compile(rf"\b{COUNT} (?:Markdown )?(?:list )?points?\b", re.I)
# A sentence with one of these says how to answer, not what.
WISH = re.compile(
    r"\b(repl(?:y|ies)|answer (?:with|in)|respond|end (?:with|the)|only|nothing else"
    r"|briefly|one (?:word|sentence|line)|at most|no more than|name your source"
    r"|return it)\b",
    re.I,
)


@dataclass(frozen=True)
class Form:
    """`core`: the question without wishes; `bare` and `line`: how a result is shown.

    Without a wish, `decimals` is None, and `sentences`, `words` and `points` are 0.
    """

    core: str
    bare: bool
    line: bool
    decimals: int | None
    sentences: int
    words: int
    points: int

    def shown(self, result: str, work: str) -> str:
        """A result bare, or with the work, or with a last line that holds it."""
        if self.bare:
            return result
        return f"{work}\nAnswer: {result}" if self.line else work


def read_form(question: str) -> Form:
    """The form that `question` asks for."""
    parts = re.split(r"(?<=[.?!])\s+(?=[A-Z])", question.strip())
    core = " ".join(part for part in parts if not WISH.search(part)) or parts[0]
    core = re.sub(r"^In (?:one|two|at most) [^:]{1,60}: ", "", core)
    decimals = DECIMALS.search(question)
    return Form(
        core=core,
        bare=bool(
            re.search(r"\bonly\b|\bone word\b|\bnothing else\b", question, re.I)
        ),
        line="'Answer:" in question,
        decimals=counted(decimals[1]) if decimals else None,
        sentences=bound(SENTENCES, question),
        words=bound(WORDS, question),
        points=bound(POINTS, question),
    )


def bound(limit: re.Pattern[str], question: str) -> int:
    """The number of a limit; 0 where the question sets none."""
    said = limit.search(question)
    return counted(said[1]) if said else 0


def counted(word: str) -> int:
    """A number in digits or in letters."""
    return SPELT.index(word.lower()) + 1 if word.lower() in SPELT else int(word)
