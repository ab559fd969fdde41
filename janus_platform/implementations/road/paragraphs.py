"""The paragraphs of a page nearest to a question: prompts cost by the word."""

import re
from collections import Counter

MOST_CHARACTERS = 1_800


def words(text: str) -> set[str]:
    """The different words of a text, in small letters, endings cut off."""
    return {word[:6] for word in re.findall(r"\w+", text.lower())}


def nearest(page: str, question: str) -> str:
    """The nearest paragraphs, as many as fit, in the order of the page."""
    paragraphs = [part for part in page.split("\n\n") if part.strip()]
    frequency = Counter(word for part in paragraphs for word in words(part))
    asked = words(question)

    def nearness(place: int) -> float:
        shared = words(paragraphs[place]) & asked
        return sum(1 / frequency[word] for word in shared)

    kept: list[int] = []
    left = MOST_CHARACTERS
    for place in sorted(range(len(paragraphs)), key=nearness, reverse=True):
        if len(paragraphs[place]) <= left:
            kept.append(place)
            left -= len(paragraphs[place])
    return "\n\n".join(paragraphs[place] for place in sorted(kept))
