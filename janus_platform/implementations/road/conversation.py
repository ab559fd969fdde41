"""What the user said before: the clause nearest to a question, without its words."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from saying import say

SMALL = set(
    "a an and are be did do does for had has have i in is it me my of on or our s "
    "please that the their there this to was we were what when where which who whose "
    "with you".split()
)
LEANING = (
    r"\s*(and|but|why|how so|what about|more|shorter)\b|.*\b(it|its|they|them)\b"
)


def words(text: str) -> set[str]:
    """The different words of a text, in small letters."""
    return set(re.findall(r"\w+", text.lower()))


def said_before(request: dict[str, Any]) -> list[str]:
    """The user's messages before the last one."""
    said = [
        m.get("content") for m in request["messages"][:-1] if m.get("role") == "user"
    ]
    return [text for text in said if isinstance(text, str)]


def remembered(question: str, before: list[str]) -> str:
    """What the nearest clause says beyond the question; empty where none is near."""
    text = ". ".join(before)[-20_000:]
    clauses = [
        part for part in re.split(r"[.,;:!?\n](?:\s|$)|\band\b", text) if part.strip()
    ]
    asked = words(question)
    frequency = Counter(word for clause in clauses for word in words(clause))
    subject = asked - SMALL
    about = [clause for clause in clauses if words(clause) & subject]
    if not about or len(subject & set(frequency)) * 2 < len(subject):
        return ""

    def nearness(clause: str) -> float:
        return sum(1 / frequency[word] for word in words(clause) & asked)

    nearest = max(reversed(about), key=nearness)
    return " ".join(word for word in nearest.split() if words(word) - asked - SMALL)


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The answer that the conversation itself holds."""
    asked = re.split(r"(?<=[?])\s", question)[0]
    if found := remembered(asked, said_before(request)):
        async for piece in say(found, "You said so before."):
            yield piece


def standalone(question: str, request: dict[str, Any]) -> str:
    """A short question that leans on the one before it, together with that one."""
    before = said_before(request)
    if (
        not before
        or len(question.split()) > 12
        or not re.match(LEANING, question, re.I)
    ):
        return question
    return f"{before[-1]} {question}"
