"""One page under Lighthouse, and its installation: what fails is said in a line, and takes its browser along.

A script stands in for Lighthouse, and one for npm; everything else is what `make bench lighthouse` runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request

import pytest

from tests.benchmarks import lighthouse_pages
from tests.benchmarks.lighthouse_pages import CATEGORIES, VERSION, PageFailed
from tests.house.lighthouse_rig import (
    CRASH,
    FOREIGN,
    HANGING_WITH_A_BROWSER,
    NONSENSE,
    SILENT,
    Rig,
    Step,
    good,
    report,
)


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
