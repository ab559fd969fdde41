"""The road upward: an implementation's folder as a step finds it, what a bench says of it, and what a step moved.

A step adds files to the folder, and the bench asks again only what the step touches: with one seed, the other answers
stay as they are. What was asked once is kept (road_kept.py). Used by the notebooks `road_*`; the files are those of
`janus_platform/implementations/road`.
"""

from __future__ import annotations

import html
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import janus_bench
from janus_bench.constants import load_scoring
from janus_bench.report.report import Report
from janus_bench.run.records import Record
from janus_bench.scoring.score import Scores, score
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import CATEGORIES
from janus_book.road_kept import Kept
from janus_platform.implementations import ROAD, TEMPLATE

NAME, FOLDER, SEED = "road", "my_road", 0
RIGHT = 0.5
LONGEST_TEXT = 110
_CELL = ' style="text-align:left;vertical-align:top;padding:0.15em 1em 0.15em 0;word-break:normal"'
# No word is broken, an address may end a line at its slashes: a wide table scrolls inside its own frame.
_BREAKS = ("/", "/<wbr>")

Run = dict[str, Report]


@dataclass(frozen=True)
class Step:
    """What a step adds to the folder, and the categories of the suite whose answers it may change."""

    name: str
    files: tuple[str, ...]
    touches: tuple[str, ...]


STEPS = (
    Step("where the chapter ended", (), CATEGORIES),
    Step("conversation", ("answer.py", "saying.py", "conversation.py"), ("chat",)),
    Step("instructions", ("instructions.py", "services.py", "structured.py"), ("chat", "cost")),
    Step("sandbox", ("form.py", "calculating.py"), ("reasoning", "tool_use", "cost")),
    Step("word problems", ("amounts.py", "times.py"), ("reasoning", "cost")),
    Step("tools", ("calling.py", "loop.py"), ("tool_use",)),
    Step("pictures", ("plotting.py", "painting.py"), ("multimodal",)),
    Step("research", ("looking_up.py",), ("knowledge", "research", "streaming")),
    Step("cost", ("paragraphs.py",), ("knowledge",)),
)


def begin(step: str, folder: str | Path = FOLDER) -> Path:
    """The folder as the step of this name finds it: all files of the steps before it, and no others. KeyError."""
    names = [one.name for one in STEPS]
    if step not in names:
        raise KeyError(f"no step {step!r}; there are {', '.join(names)}")
    return _after(names.index(step), Path(folder))


def _after(steps: int, path: Path) -> Path:
    """The folder after so many steps."""
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(TEMPLATE, path, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROAD / "first" / "answer.txt", path / "answer.py")
    for one in STEPS[:steps]:
        add(one, path)
    return path


def add(step: Step, folder: Path) -> None:
    """Write the files of a step. With the first skill, the chapter's answer becomes one: the last that is asked."""
    if "conversation.py" in step.files:
        keep_as_a_skill(folder)
    if "looking_up.py" in step.files:
        shutil.copy(ROAD / "first" / "paragraphs.py", folder / "paragraphs.py")
    for file in step.files:
        shutil.copy(ROAD / file, folder / file)


def keep_as_a_skill(folder: Path) -> None:
    """Rename the chapter's `answer.py` to `looking_up.py`, and let its `answer` take the request too."""
    text = (folder / "answer.py").read_text(encoding="utf-8")
    text = text.replace("async def answer(question):", "async def answer(question, request):")
    (folder / "looking_up.py").write_text(text, encoding="utf-8")


def bench(platform: Any, categories: Sequence[str] = CATEGORIES, folder: str | Path = FOLDER) -> Run:
    """Submit the folder and ask it the quick suite's questions of these categories; a report for each is kept."""
    platform.submit(str(folder), name=NAME)
    kept = Kept(platform)
    with platform.limits_off():
        run = {
            name: janus_bench.run(platform.url, suite=name, model=NAME, seed=SEED, progress=False)
            for name in categories
        }
    for name, report in run.items():
        kept.keep(kept.mark(Path(folder), name, SEED), report)
    return run


def recall(platform: Any, categories: Sequence[str] = CATEGORIES, folder: str | Path = FOLDER) -> Run:
    """The same from the runs that were kept; only what was never asked is asked now."""
    kept, run = Kept(platform), Run()
    for name in categories:
        with tempfile.TemporaryDirectory() as scratch:
            for same in _alike(Path(folder), name, Path(scratch) / "folder"):
                if report := kept.load(kept.mark(same, name, SEED)):
                    run[name] = report
                    break
    missing = [name for name in categories if name not in run]
    return run | (bench(platform, missing, folder) if missing else {})


def _alike(folder: Path, category: str, scratch: Path) -> Iterator[Path]:
    """The folder, then, if it is as a step leaves it, those of the steps before that answer this category alike."""
    yield folder
    mine = _contents(folder)
    steps = next((n for n in range(len(STEPS), 0, -1) if _contents(_after(n, scratch)) == mine), 0)
    while steps > 1 and category not in STEPS[steps - 1].touches:
        steps -= 1
        yield _after(steps, scratch)


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def right(run: Run) -> int:
    """How many of its answers are right."""
    return sum(record.score >= RIGHT for report in run.values() for record in report.records)


def scores(run: Run) -> Scores:
    """The scores of all its answers together: of every category, those of the quick suite."""
    return score([record for report in run.values() for record in report.records], load_scoring())


def climb(platform: Any, steps: Sequence[Step] = STEPS) -> Iterator[tuple[str, Scores]]:
    """Each step's name and the scores after it, from the runs that were kept; the others are made now."""
    folder, run = begin(steps[0].name), Run()
    for step in steps:
        add(step, folder)
        run = run | recall(platform, step.touches, folder)
        yield step.name, scores(run)


@dataclass(frozen=True)
class Table:
    """Rows as a notebook shows them; `head` names the columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        return "\n".join(" | ".join(row) for row in (self.head, *self.rows))

    def _repr_html_(self) -> str:
        head = "".join(f"<th{_CELL}>{html.escape(name)}</th>" for name in self.head)
        rows = ("".join(f"<td{_CELL}>{html.escape(cell).replace(*_BREAKS)}</td>" for cell in row) for row in self.rows)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f'<div style="overflow-x:auto" tabindex="0" role="group" aria-label="Table">{table}</div>'


def wrong(run: Run, *only: str) -> Table:
    """What was asked, answered, and why it is wrong: of the items whose ids are given, or of all that are wrong."""
    asked = {item.id: item.prompt for name in run for item in load_suite(name).items(SEED)}
    rows = [
        (asked[record.item], _answered(record), _why(record))
        for report in run.values()
        for record in report.records
        if record.score < RIGHT and (record.item in only or not only)
    ]
    return Table(("asked", "answered", "why it is wrong"), tuple((_short(a), _short(b), c) for a, b, c in rows))


def moved(before: Run, after: Run) -> Table:
    """How many answers of each category are right before and after, and which became right."""
    rows = []
    for name in after:
        was, now = ({r.item for r in run[name].records if r.score >= RIGHT} for run in (before, after))
        total = len(after[name].records)
        rows.append((name, f"{len(was)} of {total}", f"{len(now)} of {total}", ", ".join(sorted(now - was))))
    return Table(("category", "right before", "right after", "became right"), tuple(rows))


def heights(climbed: Sequence[tuple[str, Scores]]) -> Table:
    """The composite and the scores after each step."""
    names = tuple(climbed[-1][1].categories)
    rows = [
        (name, f"{one.composite:.1f}", *(f"{one.categories[key] or 0:.0f}" for key in names)) for name, one in climbed
    ]
    return Table(("step", "composite", *names), tuple(rows))


def _answered(record: Record) -> str:
    if record.answer is None:
        return record.error_detail or record.error
    calls = ", ".join(f"{call['name']}({call['arguments']})" for call in record.answer.tool_calls)
    return record.answer.text or calls


def _why(record: Record) -> str:
    return "; ".join(verdict.why for _, verdict in record.verdicts if verdict.score < 1) or record.error


def _short(text: str) -> str:
    """One line of a text, its middle left out where it is long."""
    line = " ".join(text.split())
    half = LONGEST_TEXT // 2
    return line if len(line) <= LONGEST_TEXT else f"{line[:half]} … {line[-half:]}"
