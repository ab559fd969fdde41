"""A seed is fresh, a board gives it once, and a memory of other seeds is worth next to nothing."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest

import janus_bench
from janus_bench.api import new_seed
from janus_bench.errors import BenchError
from janus_bench.leaderboard import publication, seeds, signing
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.publish import publish
from janus_bench.suites.filling import is_seeded
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Implementation
from tests.bench.cheats import learned
from tests.bench.ground_truth import serving
from tests.bench.lab import scored

START = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
FEW = {"knowledge-status", "knowledge-limits"}  # facts: there are no more of them; guessing is taken off
LEAST_SPACE = 17_000
SEEDS, MOST = 60, 5.0  # a memory of 1,000 takes minutes: `python -m tests.benchmarks.bench_cheats`


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh seeds are 1, 2, 3 and so on."""
    numbers = iter(range(1, 10_000))
    monkeypatch.setattr(seeds, "fresh", lambda: next(numbers))


@pytest.mark.usefixtures("counted")
def test_each_run_has_a_seed_of_its_own_that_is_kept_and_can_be_asked_again() -> None:
    suite = load_suite("cost")
    found = []
    for seed, wanted in ((None, 1), (None, 2), (1, 1)):
        with serving(Implementation(suite, wanted)) as server:
            report = janus_bench.run(server.url, "cost", progress=False, seed=seed)
        assert report.scores["cost"] and report.to_dict()["settings"]["seed"] == wanted
        found.append([record.item for record in report.records])
    assert found[0] == found[2] != found[1] or sorted(found[0]) == sorted(found[1])


def test_a_fresh_seed_is_drawn_from_a_space_that_nobody_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert len({seeds.fresh() for _ in range(1000)}) == 1000
    assert 0 <= seeds.fresh() < 1 << seeds.BITS < 1 << 53


@pytest.mark.usefixtures("counted")
def test_a_board_gives_the_same_seed_until_a_run_is_published_or_it_lapses(own_home: Any) -> None:
    clock = Clock()
    board = Leaderboard(own_home / "b.sqlite3", now=clock)
    first = board.give_seed("mine")
    assert board.give_seed("mine") == first  # asking again chooses nothing
    assert board.give_seed("other")["seed"] != first["seed"]
    assert board.give_seed("mine", owner="else")["seed"] != first["seed"]
    document = {"id": "r1", "target": {"model": "mine"}, "settings": {"seed": first["seed"]}}
    assert board.take_seed(document) == first
    assert board.take_seed(document) == first  # publishing again changes nothing
    assert board.give_seed("mine")["seed"] != first["seed"]
    with pytest.raises(BenchError, match="another run"):
        board.take_seed({**document, "id": "r2"})
    second = board.give_seed("mine")
    clock.now += dt.timedelta(hours=seeds.HOURS, seconds=1)
    with pytest.raises(BenchError, match="lapsed"):
        board.take_seed({**document, "id": "r3", "settings": {"seed": second["seed"]}})
    assert board.give_seed("mine")["seed"] != second["seed"]


def test_a_seed_that_the_board_did_not_give_is_not_the_boards(own_home: Any) -> None:
    board = Leaderboard(own_home / "b.sqlite3")
    board.give_seed("mine")
    for told in (7, -1, 1 << 62):
        assert board.take_seed({"id": "r", "target": {"model": "mine"}, "settings": {"seed": told}}) is None
    with pytest.raises(BenchError):
        board.take_seed({"id": "r", "target": {"model": "mine"}, "settings": {"seed": 1 << 80}})
    with pytest.raises(BenchError, match="name"):
        board.give_seed("x" * 300)


def test_who_asks_for_seeds_without_end_is_refused(own_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "MAX_OPEN", 3)
    board = Leaderboard(own_home / "b.sqlite3")
    for number in range(3):
        board.give_seed(f"m{number}")
    with pytest.raises(BenchError, match="not published"):
        board.give_seed("m3")


def test_a_given_seed_is_signed_and_stands_in_what_is_published() -> None:
    given = new_seed("honest", to_publish=True)
    assert signing.holds(given)
    assert not signing.holds(given | {"seed": given["seed"] + 1}) and not signing.holds({"seed": 1})
    with serving(Implementation(load_suite("cost"), given["seed"])) as server:
        report = janus_bench.run(server.url, "cost", "honest", progress=False, to_publish=True)
        own = janus_bench.run(server.url, "cost", "honest", progress=False, seed=given["seed"])
    publish(report, name="mine")
    assert report.folder is not None
    assert json.loads((report.folder / publication.FILE).read_text())["seed"] == given
    with pytest.raises(BenchError, match="another run"):
        publish(own, name="mine")


def test_a_run_that_was_stopped_goes_on_with_its_own_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([11, 12])
    monkeypatch.setattr(seeds, "fresh", lambda: next(numbers))
    suite = load_suite("cost")
    with serving(Implementation(suite, 11)) as server:
        report = janus_bench.run(server.url, "cost", progress=False)
        assert report.folder is not None
        lines = (report.folder / "records.jsonl").read_text().splitlines(keepends=True)
        (report.folder / "records.jsonl").write_text("".join(lines[:2]))
        (report.folder / "report.json").unlink()
        again = janus_bench.run(server.url, "cost", progress=False, resume=True)
    assert (again.id, again.to_dict()["settings"]["seed"], len(again.records)) == (report.id, 11, len(lines))


def space(raw: dict[str, Any]) -> int:
    """How many questions an item may become."""
    sizes = [len(raw.get("variants") or [1])]
    for what in raw.get("draw", {}).values():
        one_of = what.get("one_of")
        sizes.append(len(one_of) if one_of else (what["to"] - what["from"]) // what.get("step", 1) + 1)
    return math.prod(sizes)


DRAWN = [raw for raw in load_suite("quick").raw_items if is_seeded(raw)]


@pytest.mark.parametrize("raw", DRAWN, ids=[raw["id"] for raw in DRAWN])
def test_what_is_drawn_for_an_item_is_too_much_to_learn_or_a_guess_is_taken_off(raw: dict[str, Any]) -> None:
    if raw["id"] in FEW:
        assert raw["one_in"] <= space(raw)
    else:
        assert space(raw) >= LEAST_SPACE


def test_a_memory_of_other_seeds_is_worth_next_to_nothing() -> None:
    suite = load_suite("quick")
    memory = learned(suite, range(SEEDS))
    assert scored(suite.items(SEEDS - 1), memory).composite > 90  # it does know what it has seen
    assert scored(suite.items(10**9), memory).composite <= MOST
