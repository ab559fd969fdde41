"""The garbage collector looks through everything only when nobody is being answered."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from janus_platform.runtime import garbage_collection


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A number for each full collection that is asked for; the real settings come back afterwards."""
    before, made = gc.get_threshold(), list[int]()
    monkeypatch.setattr(gc, "collect", lambda: made.append(1))
    monkeypatch.setattr(gc, "get_count", lambda: (0, garbage_collection.WORTH - (len(made) == 2), 0))
    monkeypatch.setattr(garbage_collection, "IDLE_SECONDS", 0.001)
    yield made
    gc.set_threshold(*before)
    gc.unfreeze()


def watched(collections: list[int], steps: list[tuple[int, int]], *, most: float = 1e9) -> list[int]:
    """How many collections there have been at each look at the activity."""
    seen: list[int] = []

    async def flow() -> None:
        ended = asyncio.Event()

        def activity() -> tuple[int, int]:
            seen.append(len(collections))
            if len(seen) > len(steps):
                ended.set()
            return steps[min(len(seen), len(steps)) - 1]

        task = asyncio.create_task(garbage_collection.collect_when_idle(activity))
        await ended.wait()
        task.cancel()

    asyncio.run(flow())
    return seen


def test_a_collection_waits_until_nobody_is_answered_and_is_worth_it(collections: list[int]) -> None:
    working, done = [(1, 0), (1, 1), (2, 2), (1, 3)], [(0, 4)] * 2
    seen = watched(collections, [*working, *done, *working, *done, *done, *done])
    assert seen[: len(working) + 1] == [0] * (len(working) + 1)
    assert len(collections) == 2  # By then there is too little to find.


def test_nothing_is_collected_while_requests_follow_each_other(collections: list[int]) -> None:
    watched(collections, [(n % 2, n) for n in range(20)])
    assert collections == []


def test_a_time_of_work_without_an_end_is_interrupted_at_last(
    collections: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage_collection, "MOST_SECONDS", 0.0055)
    watched(collections, [(5, n) for n in range(14)])
    assert len(collections) == 2


def test_once_the_platform_stands_only_young_objects_are_looked_through_by_themselves(collections: list[int]) -> None:
    garbage_collection.settle()
    young, middle, old = gc.get_threshold()
    assert young == garbage_collection.YOUNG and min(middle, old) > 1_000_000 and gc.get_freeze_count() > 0
