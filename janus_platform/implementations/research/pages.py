"""Passages of a page that matter for a question, and the prompt that hands them to the model."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

MAX_PAGE_CHARACTERS = 6_000
MAX_PASSAGES = 5
_LINK = re.compile(r"!?\[([^\]\[]*+)\]\([^)\s\[]*+(?:\s++\"[^\"]*+\")?\)")
_STOP = set("a an and are as at be by can do for from how i in is it of on or that the this to was what".split())


@dataclass(frozen=True)
class Passage:
    """One numbered passage of the prompt: a page's text, or the snippet of a search result."""

    title: str
    url: str
    text: str


def words(text: str) -> list[str]:
    """The words of `text` that carry meaning, in lower case, plural s removed."""
    found = re.findall(r"\w+", text.lower())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found if w not in _STOP]


def most_relevant(page: str, question: str, *, limit: int = MAX_PAGE_CHARACTERS) -> str:
    """The paragraphs of a Markdown `page` that share most words with `question`, in the page's own order.

    At most `limit` characters. A word counts more the rarer it is in the page; a heading goes with what follows it.
    """
    paragraphs = _paragraphs(_LINK.sub(r"\1", page))
    if sum(len(p) + 2 for p in paragraphs) <= limit:
        return "\n\n".join(p.strip() for p in paragraphs)
    frequency = Counter(w for p in paragraphs for w in set(words(p)))
    asked = set(words(question))

    def score(number: int) -> float:
        near = words(paragraphs[number - 1]) if number and paragraphs[number - 1].startswith("#") else []
        shared = asked & {*words(paragraphs[number]), *near}
        return sum(1 / frequency[w] for w in shared if frequency[w]) + 1e-6 / (number + 1)

    chosen, left = set[int](), limit
    for number in sorted(range(len(paragraphs)), key=score, reverse=True):
        size = len(paragraphs[number]) + 2
        if size <= left:
            chosen.add(number)
            left -= size
    if not chosen:
        return paragraphs[max(range(len(paragraphs)), key=score)][:limit]
    return "\n\n".join(paragraphs[number].strip() for number in sorted(chosen))


def _paragraphs(page: str) -> list[str]:
    """The paragraphs of a page.

    A heading that is a question stands in one with the paragraph that answers it, and a program in one with its blank
    lines: half of it would leave a fence open, and all that follows would be code.
    """
    paragraphs: list[str] = []
    in_code = False
    for paragraph in filter(str.strip, re.split(r"\n\s*\n", page)):
        goes_on = in_code
        in_code ^= len(re.findall(r"^ {0,3}```", paragraph, re.M)) % 2 == 1
        if paragraphs and (goes_on or is_question(paragraphs[-1])):
            paragraphs[-1] += f"\n\n{paragraph}"
        else:
            paragraphs.append(paragraph)
    return paragraphs


def is_question(paragraph: str) -> bool:
    """Whether a paragraph of Markdown is a heading that asks."""
    return paragraph.startswith("#") and paragraph.rstrip(" #").endswith("?")


def section(heading: str, text: str) -> str:
    """A piece of a page as Markdown below its heading; each of its lines is a paragraph."""
    below = re.sub(r"\n+", "\n\n", text.strip())
    return f"## {heading}\n\n{below}" if heading else below


def whole_sentences(snippet: str) -> str:
    """A search snippet without the half sentences at its ends, which it marks with "…"; all of it if none is whole."""
    text = snippet.strip()
    if text.startswith("…"):
        text = re.sub(r"^…[^.!?]*[.!?]\s+", "", text)
    if text.endswith("…"):
        text = re.sub(r"(?<=[.!?])\s++(?>(?:[^.!?…]|…(?!$))*)…$", "", text)
    return text.strip("… ") or snippet


def prompt(question: str, passages: list[Passage]) -> str:
    """Question and numbered passages, as the model gets them."""
    numbered = [f"[{n}] {p.title} — {p.url}\n{p.text}" for n, p in enumerate(passages, 1)]
    return f"Question: {question}\n\nPassages:\n" + "\n\n".join(numbered)


def declines(answer: str) -> bool:
    """Whether the model says that the passages do not cover the question, or that it can do nothing without any."""
    return bool(_DECLINES.search(answer[:400]))


_DECLINES = re.compile(
    r"\b(passages?|sources?|texts?|pages?)\b[^.]{0,60}\b(do(es)? not|don't|doesn't|cannot|did not)\b[^.]{0,30}"
    r"\b(cover|answer|contain|mention|say|address|hold)|\bnot covered by\b|\bthis prompt has none\b",
    re.I,
)
