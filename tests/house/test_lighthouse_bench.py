"""The Lighthouse benchmark: a page that fails costs no other page its result, and a run costs no earlier run its own.

A script stands in for Lighthouse, and one for npm; everything else is what `make bench lighthouse` runs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

import pytest

from tests.benchmarks import lighthouse, lighthouse_pages
from tests.benchmarks.lighthouse import Result
from tests.benchmarks.lighthouse_pages import CATEGORIES
from tests.house.lighthouse_rig import CRASH, NONSENSE, SILENT, Rig, Step, good, run
from tools import book
from tools.environment import ROOT


def test_a_good_page_is_measured_once(rig: Rig) -> None:
    rig.plan(a=good(0.95))
    found = rig.survey("a")["a"]
    assert (found.runs, found.scores["performance"], found.met) == (1, 95, True)


def test_a_page_below_the_target_is_measured_twice_more_and_its_median_counts(rig: Rig) -> None:
    rig.plan(a=[good(0.5), good(0.97), good(0.96)])
    found = rig.survey("a")["a"]
    assert (found.runs, found.scores["performance"], found.met) == (3, 96, True)
    assert "(median of 3)" in found.line()


@pytest.mark.parametrize("failure", [CRASH, NONSENSE, SILENT], ids=["crash", "half a report", "no file"])
def test_one_page_that_fails_costs_the_others_nothing(rig: Rig, failure: Step) -> None:
    rig.plan(a=good(), b=failure, c=good(0.99))
    found = rig.survey("a", "b", "c")
    assert [page for page, one in found.items() if one.failed] == ["b"]
    assert found["c"].scores["performance"] == 99
    assert lighthouse.results_in(rig.kept) == found


def test_a_page_that_fails_when_it_is_measured_again_has_failed(rig: Rig) -> None:
    rig.plan(a=[good(0.5), CRASH])
    found = rig.survey("a")["a"]
    assert (found.failed, found.met) == ("Runtime error encountered: the tab crashed", False)


def test_what_was_measured_before_an_interruption_is_kept(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.plan(a=good(), b=good())

    def interrupted_at_b(command: list[str], url: str, browser: str) -> Mapping[str, float]:
        if url.endswith("/b.html"):
            raise KeyboardInterrupt
        return lighthouse_pages.measured(command, url, browser)

    monkeypatch.setattr(lighthouse, "measured", interrupted_at_b)
    with pytest.raises(KeyboardInterrupt):
        rig.survey("a", "b")
    assert list(lighthouse.results_in(rig.kept)) == ["a"]


def test_a_run_over_some_pages_replaces_theirs_alone(rig: Rig) -> None:
    old = {page: Result("2026-01-01T00:00:00Z", 1, dict.fromkeys(CATEGORIES, 100.0)) for page in "abc"}
    rig.pages(*"abc")
    lighthouse.keep(rig.kept, old)
    rig.plan(b=good(0.98))
    found = rig.survey("b")
    now = lighthouse.results_in(rig.kept)
    assert list(found) == ["b"]
    assert now == old | found
    assert now["b"].scores["performance"] == 98


def test_each_page_says_when_it_was_measured(rig: Rig) -> None:
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    rig.plan(a=good(), b=CRASH)
    for one in rig.survey("a", "b").values():
        assert before <= dt.datetime.fromisoformat(one.measured) <= dt.datetime.now(dt.UTC)


def test_a_page_that_left_the_book_leaves_what_is_kept(rig: Rig) -> None:
    rig.plan(a=good(), b=good())
    rig.survey("a", "b")
    (rig.html / "a.html").unlink()
    rig.survey("b")
    assert list(lighthouse.results_in(rig.kept)) == ["b"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": {"score": 1}}', '{"a": 1}'])
def test_a_kept_file_that_cannot_be_read_is_none(rig: Rig, text: str) -> None:
    rig.kept.parent.mkdir()
    rig.kept.write_text(text, encoding="utf-8")
    assert lighthouse.results_in(rig.kept) == {}


def test_every_page_is_the_table_of_contents_with_index_and_search_and_without_the_root(rig: Rig) -> None:
    rig.pages(*book.pages(ROOT), "genindex", "search")
    pages = lighthouse.pages_of(ROOT, rig.html, [])
    assert pages[:-2] == book.pages(ROOT)
    assert pages[-2:] == ["genindex", "search"]
    assert "index" not in pages


def test_pages_are_named_with_suffix_or_without_and_each_once(rig: Rig) -> None:
    rig.pages("search", "book/contract")
    assert lighthouse.pages_of(ROOT, rig.html, ["search.html", "book/contract", "search"]) == [
        "search",
        "book/contract",
    ]


def test_a_page_that_the_built_book_lacks_is_named_before_anything_is_measured(rig: Rig) -> None:
    with pytest.raises(SystemExit, match="The built book has no page nowhere"):
        lighthouse.pages_of(ROOT, rig.html, ["index", "nowhere"])
    (rig.html / "index.html").unlink()
    with pytest.raises(SystemExit, match="There is no built book"):
        lighthouse.pages_of(ROOT, rig.html, [])


# What is said of it.


def test_the_figures_are_the_lowest_scores_of_the_pages_that_did_not_fail() -> None:
    full = dict.fromkeys(CATEGORIES, 100.0)
    results = {
        "a": Result("2026-01-01T00:00:00Z", 1, full),
        "b": Result("2026-01-01T00:00:00Z", 3, full | {"performance": 90.0, "seo": 96.0}),
        "c": Result("2026-01-01T00:00:00Z", failed="no tab"),
    }
    said = {one.name: (one.value, one.spread, one.met) for one in lighthouse.figures_of(results)}
    assert said == {
        "pages of 3 on which Lighthouse failed": (1, (1, 1), False),
        "lowest performance of 2 pages": (90, (90, 100), False),
        "lowest accessibility of 2 pages": (100, (100, 100), True),
        "lowest best-practices of 2 pages": (100, (100, 100), True),
        "lowest seo of 2 pages": (96, (96, 100), True),
        "median performance": (95, (90, 100), None),
    }


def test_where_every_page_failed_that_is_the_one_figure() -> None:
    [only] = lighthouse.figures_of({"a": Result("2026-01-01T00:00:00Z", failed="no tab")})
    assert (only.value, only.met) == (1, False)


def test_the_table_has_the_pages_that_need_a_look_and_the_span_of_times() -> None:
    full = dict.fromkeys(CATEGORIES, 100.0)
    first, *below = lighthouse.table(
        {
            "a": Result("2026-01-02T00:00:00Z", 1, full),
            "b": Result("2026-01-03T00:00:00Z", 3, full | {"performance": 90.0}),
            "c": Result("2026-01-01T00:00:00Z", failed="no tab"),
        }
    )
    assert first == "3 pages, measured from 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z"
    assert [line.split()[0] for line in below] == ["b", "c"]
    assert "FAILED no tab" in below[1]


# The command line.


def test_pages_that_are_all_good_end_with_zero_and_their_figures_are_kept(
    command_line: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line.plan(a=good(), b=good())
    assert run(monkeypatch, "a", "b") == 0
    assert "lowest performance of 2 pages" in capsys.readouterr().out
    named = [one["name"] for one in json.loads((command_line.kept.parent / "lighthouse.json").read_text())]
    assert "lowest seo of 2 pages" in named


@pytest.mark.parametrize("bad", [CRASH, good(0.94)], ids=["failed", "below the target"])
def test_a_page_that_failed_or_is_below_the_target_ends_the_run_with_one(
    command_line: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: Step
) -> None:
    command_line.plan(a=good(), b=bad, c=good())
    assert run(monkeypatch, "a", "b", "c") == 1
    out, err = capsys.readouterr()
    assert "3/3 c" in err
    assert [line.split()[0] for line in out.splitlines()[1:2]] == ["b"]


def test_the_exit_code_is_that_of_the_pages_just_measured(command_line: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line.plan(a=good(), b=CRASH)
    assert run(monkeypatch, "b") == 1
    assert run(monkeypatch, "a") == 0


def test_json_has_scores_reason_and_time_of_each_page(
    command_line: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line.plan(a=good(), b=CRASH)
    assert run(monkeypatch, "--json", "a", "b") == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["a"]["scores"] == dict.fromkeys(CATEGORIES, 100)
    assert (printed["b"]["failed"], printed["b"]["scores"]) == ("Runtime error encountered: the tab crashed", {})
    assert all(one["measured"].endswith("Z") for one in printed.values())
    assert json.loads(command_line.kept.read_text()) == printed
