"""`make bench lighthouse`, end to end, with a script in its place: a page that fails costs no other page its result."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.benchmarks import figures, lighthouse
from tools import book

# Pages named `bad` crash, `slow` ones are below the target, of all others every score is 100.
LIGHTHOUSE = """
import json, os, sys
page = sys.argv[1].rpartition("/")[2].removesuffix(".html")
if page == "bad":
    sys.exit("at the start" + chr(10) + "Runtime error encountered: the tab crashed")
assert os.environ["CHROME_PATH"].endswith("browser") and "--preset=desktop" in sys.argv
names = next(word for word in sys.argv if word.startswith("--only-categories=")).partition("=")[2].split(",")
score = 0.5 if page == "slow" else 1
report = next(word for word in sys.argv if word.startswith("--output-path=")).partition("=")[2]
with open(report, "w") as out:
    json.dump({"categories": {name: {"score": score} for name in names}}, out)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built book of empty pages, with everything that the benchmark finds for itself."""
    html, script, browser = tmp_path / "html", tmp_path / "lighthouse.py", tmp_path / "browser"
    html.mkdir()
    for page in ("index", "good", "bad", "slow"):
        (html / f"{page}.html").write_text("<!doctype html><title>A page</title>", encoding="utf-8")
    script.write_text(LIGHTHOUSE, encoding="utf-8")
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("JANUS_BROWSER", str(browser))
    monkeypatch.setattr(book, "HTML", html)
    monkeypatch.setattr(figures, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(lighthouse, "lighthouse", lambda: [sys.executable, str(script)])
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lighthouse", *words])
    return lighthouse.main()


def test_a_page_that_fails_or_is_slow_is_named_and_the_others_are_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "bad", "good.html", "slow") == 1
    printed = capsys.readouterr().out
    assert "FAILED Runtime error encountered: the tab crashed" in printed
    assert "(median of 3)" in printed
    assert run(monkeypatch, "good") == 0
    kept = json.loads((folder / "kept" / "lighthouse_pages.json").read_text("utf-8"))
    assert {page: one["runs"] for page, one in kept.items()} == {"bad": 0, "good": 1, "slow": 3}
    assert (folder / "kept" / "lighthouse.json").is_file()


def test_a_page_that_the_built_book_lacks_is_named_before_anything_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="The built book has no page nowhere"):
        run(monkeypatch, "nowhere")
