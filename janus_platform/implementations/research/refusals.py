"""What is said where nothing that was found answers the question."""

from __future__ import annotations

from collections.abc import Sequence

_ABLE = (
    "I know pages about this platform, HTTP and TCP, Python, search, and quantum physics; "
    "I can also calculate and plot."
)


def refusal(topic: str, near: Sequence[str]) -> str:
    """An honest sentence, and the titles of pages that are near, if any; else what can be asked."""
    said = "I cannot answer this: none of the pages that I can search covers it."
    if near:
        titles = " and ".join(f"“{title}”" for title in near[:2])
        return f"{said} The nearest that I have is {titles}; ask me about that if it helps."
    return f"{said} {_ABLE}"
