"""The baseline's sources have numbers without gaps, and it tells what it did, not what it did once."""

from __future__ import annotations

import asyncio

from tests.implementations.rig import Citations, FakeServices, Passage, ask, served

QUESTION = "Explain quantum entanglement"
PASSAGES = [Passage(t, f"https://{t.lower()}.example", "text") for t in ("Spin", "Tides", "Bread", "Chess", "Tides")]


def renumbered(*pieces: str) -> tuple[str, list[str]]:
    citations = Citations(PASSAGES)
    said = "".join([*map(citations.feed, pieces), citations.rest()])
    return said, [mark + passage.title for mark, passage in citations.sources]


def test_sources_are_numbered_without_gaps_in_the_order_of_the_answer_and_only_the_used_ones_are_named() -> None:
    assert renumbered("Twice a day. [2] It is baked. [", "3", "] Twice. [5] Mate. [4]") == (
        "Twice a day. [1] It is baked. [2] Twice. [1] Mate. [3]",
        ["[1] Tides", "[2] Bread", "[3] Chess"],
    )


def test_what_only_looks_like_a_citation_stays() -> None:
    code = "Write `a[3]`, or:\n```python\nx[2]\n```\nSee [12] and [x] and ["
    assert renumbered(*code) == (code, ["Spin"])
    assert renumbered("See [3]`[3]`") == ("See [1]`[3]`", ["[1] Bread"])


def test_what_comes_from_memory_is_not_told_as_a_search() -> None:
    fake = FakeServices()

    async def run() -> list[str]:
        async with served(fake) as client:
            return [(await ask(client, QUESTION)).reasoning for _ in range(2)]

    first, second = asyncio.run(run())
    assert "Searching for" in first and "Found 2 pages" in first and "Reading https://" in first
    assert "Searching" not in second and "Found" not in second and "Reading" not in second
    assert "from memory" in second and "https://physics.org/quantum is in memory" in second
