"""A book of empty pages, and scripts that stand in for Lighthouse, its browser, node and npm."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import lighthouse, lighthouse_pages
from tests.benchmarks.lighthouse import Result
from tests.benchmarks.lighthouse_pages import CATEGORIES

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


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lighthouse", *words])
    return lighthouse.main()
