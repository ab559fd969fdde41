"""The Lighthouse benchmark: a page that fails costs no other page its result, and a run costs no earlier run its own.

A script stands in for Lighthouse, and one for npm; everything else is what `make bench lighthouse` runs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import figures, lighthouse, lighthouse_pages
from tests.benchmarks.lighthouse import Result
from tests.benchmarks.lighthouse_pages import CATEGORIES, VERSION, PageFailed
from tools import book
from tools.environment import ROOT

# On each page it does what the plan beside it says; it notes its words, and leaves a folder as a browser's profile.
FAKE_LIGHTHOUSE = """
import json, os, sys, tempfile, time
from pathlib import Path
tempfile.mkdtemp()
here, url = Path(__file__).parent, sys.argv[1]
page = url.split("/", 3)[3].removesuffix(".html")
calls = here / "calls.jsonl"
before = [json.loads(line)[0] for line in calls.read_text().splitlines()] if calls.exists() else []
with calls.open("a") as noted:
    noted.write(json.dumps([url, *sys.argv[2:], os.environ["CHROME_PATH"]]) + chr(10))
steps = json.loads((here / "plan.json").read_text())[page]
step = steps[min(before.count(url), len(steps) - 1)]
if "hang" in step:
    time.sleep(60)
if "report" in step:
    target = next(word for word in sys.argv if word.startswith("--output-path=")).partition("=")[2]
    Path(target).write_text(step["report"])
sys.stderr.write(step.get("said", ""))
raise SystemExit(step.get("code", 0))
"""
FAKE_NPM = """
import json, sys
from pathlib import Path
room = Path(sys.argv[sys.argv.index("--prefix") + 1])
with (Path(__file__).parent / "npm.jsonl").open("a") as noted:
    noted.write(json.dumps(sys.argv[1:]) + chr(10))
version = sys.argv[-1].partition("@")[2]
if (Path(__file__).parent / "offline").exists():
    raise SystemExit(1)
package = room / "node_modules" / "lighthouse"
(package / "cli").mkdir(parents=True, exist_ok=True)
(package / "package.json").write_text(json.dumps({"name": "lighthouse", "version": version}))
(package / "cli" / "index.js").write_text((Path(__file__).parent / "lighthouse.py").read_text())
"""
# As Lighthouse's browser does: in a session of its own, holding what it was handed.
HANGING_WITH_A_BROWSER = """
import subprocess, sys, time
browser = "import time; print('up', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", browser], start_new_session=True)
time.sleep(60)
"""
Step = Mapping[str, Any]


def report(performance: float | None = 1.0, **others: float | None) -> dict[str, Any]:
    """What Lighthouse writes, as far as it is read; scores from 0 to 1."""
    scores = dict.fromkeys(CATEGORIES, 1.0) | {"performance": performance} | others
    return {"categories": {name: {"score": score} for name, score in scores.items()}}


def good(performance: float = 1.0) -> Step:
    """The step that writes a report."""
    return {"report": json.dumps(report(performance))}


CRASH: Step = {"code": 1, "said": "at the start\nRuntime error encountered: the tab crashed\n  at run.js:1\n"}
NONSENSE: Step = {"report": '{"categories": '}
FOREIGN: Step = {"report": '{"categories": {"pwa": {"score": 1}}}'}
SILENT: Step = {}


class Rig:
    """A book of some empty pages, and a Lighthouse that does on each what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.html, self.room = folder, folder / "html", folder / "room"
        self.kept = folder / "kept" / "lighthouse_pages.json"
        self.script = folder / "lighthouse.py"
        self.script.write_text(FAKE_LIGHTHOUSE, encoding="utf-8")
        self.command = [sys.executable, str(self.script)]
        self.pages("index")

    def pages(self, *names: str) -> None:
        for name in names:
            file = self.html / f"{name}.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("<!doctype html><title>A page</title>", encoding="utf-8")

    def plan(self, **steps: Step | list[Step]) -> None:
        """What Lighthouse does on each page: always, or the first time, the second, and so on."""
        self.pages(*steps)
        listed = {page: step if isinstance(step, list) else [step] for page, step in steps.items()}
        for place in (self.folder, self.room / "node_modules" / "lighthouse" / "cli"):
            place.mkdir(parents=True, exist_ok=True)
            (place / "plan.json").write_text(json.dumps(listed), encoding="utf-8")

    def survey(self, *pages: str) -> dict[str, Result]:
        return lighthouse.survey(self.command, self.html, pages, "a-browser", self.kept)

    def measured(self, step: Step, seconds: float = lighthouse_pages.PAGE_SECONDS) -> Mapping[str, float]:
        self.plan(a=step)
        return lighthouse_pages.measured(self.command, "http://book/a.html", "a-browser", seconds=seconds)

    def calls(self) -> list[list[str]]:
        return _lines(self.folder / "calls.jsonl")

    def npm_calls(self) -> list[list[str]]:
        return _lines(self.folder / "npm.jsonl")


def _lines(file: Path) -> list[list[str]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.fixture
def npm(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The rig, with a PATH on which nothing is but a node and an npm of ours."""
    (rig.folder / "npm.py").write_text(FAKE_NPM, encoding="utf-8")
    programs = rig.folder / "bin"
    programs.mkdir()
    for name, words in {"node": [sys.executable], "npm": [sys.executable, str(rig.folder / "npm.py")]}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return rig


@pytest.fixture
def command_line(npm: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The rig as what `main` finds: its book, its room, its folder for what is kept, a browser."""
    browser = npm.folder / "bin" / "browser"
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("JANUS_BROWSER", str(browser))
    monkeypatch.setattr(book, "HTML", npm.html)
    monkeypatch.setattr(figures, "KEPT", npm.kept.parent)
    monkeypatch.setattr(lighthouse, "lighthouse", lambda: lighthouse_pages.lighthouse(npm.room))
    return npm


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lighthouse", *words])
    return lighthouse.main()


# One run on one page.


def test_scores_are_percentages_and_what_could_not_be_computed_counts_nothing() -> None:
    assert lighthouse_pages.scores_in(report(0.29, seo=None)) == {
        "performance": 29,
        "accessibility": 100,
        "best-practices": 100,
        "seo": 0,
    }


def test_lighthouse_is_asked_for_the_four_categories_on_a_desktop_in_the_browser_that_was_found(rig: Rig) -> None:
    assert rig.measured(good(0.97))["performance"] == 97
    [[url, *words, browser]] = rig.calls()
    assert (url, browser) == ("http://book/a.html", "a-browser")
    assert {"--preset=desktop", "--output=json", f"--only-categories={','.join(CATEGORIES)}"} <= set(words)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (CRASH, "Runtime error encountered: the tab crashed"),
        ({**good(), "code": 7}, "exit code 7, and not a word"),
        (NONSENSE, "its report cannot be read: JSONDecodeError"),
        (FOREIGN, "its report cannot be read: KeyError: 'performance'"),
        ({"report": "[]"}, "its report cannot be read: TypeError"),
        (SILENT, "it ended well, and wrote no report"),
    ],
    ids=["crash", "wordless crash", "half a report", "another report", "no report at all", "no file"],
)
def test_each_way_to_fail_has_its_reason_in_one_line(rig: Rig, step: Step, reason: str) -> None:
    with pytest.raises(PageFailed) as caught:
        rig.measured(step)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_lighthouse_that_never_ends_is_a_page_that_failed(rig: Rig) -> None:
    with pytest.raises(PageFailed, match=r"^no report after 0\.5 s$"):
        rig.measured({"hang": True}, seconds=0.5)


def test_a_lighthouse_that_is_stopped_takes_its_browser_along() -> None:
    words = [sys.executable, "-c", HANGING_WITH_A_BROWSER]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        lighthouse_pages.end(process)
        # Nothing more comes only when nobody holds the other end any more: neither of the two.
        assert process.communicate(timeout=30)[0] == ""


def test_what_lighthouse_leaves_behind_goes_with_its_run(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    room = rig.folder / "tmp"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    monkeypatch.setenv("TMPDIR", str(room))
    with pytest.raises(PageFailed):
        rig.measured(CRASH)
    assert os.listdir(room) == []


def test_of_many_lines_the_one_about_the_error_is_the_reason_else_the_last() -> None:
    assert lighthouse_pages.reason_in("here\nError: no tab\n  at x.js\n", 1) == "Error: no tab"
    assert lighthouse_pages.reason_in("here\nand there\n\n", 1) == "and there"
    assert len(lighthouse_pages.reason_in("e" * 5000, 1)) == lighthouse_pages.MOST_SAID


def test_pages_are_served_gzipped_where_that_is_taken_until_the_block_ends(rig: Rig) -> None:
    with pytest.raises(ZeroDivisionError), lighthouse_pages.served(rig.html) as address:
        asked = urllib.request.Request(f"{address}/index.html", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
        with urllib.request.urlopen(f"{address}/index.html") as answer:
            assert answer.read() == (rig.html / "index.html").read_bytes()
        raise ZeroDivisionError
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{address}/index.html")


# Installation.


def test_lighthouse_is_installed_once(npm: Rig) -> None:
    command = lighthouse_pages.lighthouse(npm.room)
    assert command == [str(npm.folder / "bin" / "node"), str(npm.room / "node_modules/lighthouse/cli/index.js")]
    assert lighthouse_pages.lighthouse(npm.room) == command
    assert [words[-1] for words in npm.npm_calls()] == [f"lighthouse@{VERSION}"]


@pytest.mark.parametrize("described", ['{"version": "11.0.0"}', '{"name": "lighthouse"}', '{"ver', "[]"])
def test_another_version_than_ours_is_installed_anew(npm: Rig, described: str) -> None:
    lighthouse_pages.lighthouse(npm.room)
    package = npm.room / "node_modules" / "lighthouse"
    (package / "package.json").write_text(described, encoding="utf-8")
    lighthouse_pages.lighthouse(npm.room)
    assert len(npm.npm_calls()) == 2
    assert lighthouse_pages.version_in(package) == VERSION


def test_an_installation_that_fails_ends_the_run_with_a_sentence(npm: Rig) -> None:
    (npm.folder / "offline").touch()
    with pytest.raises(SystemExit, match=f"Lighthouse {VERSION} was not installed"):
        lighthouse_pages.lighthouse(npm.room)


def test_without_node_the_run_ends_with_what_to_install(npm: Rig) -> None:
    (npm.folder / "bin" / "node").unlink()
    with pytest.raises(SystemExit, match=r"needs Node\.js"):
        lighthouse_pages.lighthouse(npm.room)


# A page, and all of them.


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
