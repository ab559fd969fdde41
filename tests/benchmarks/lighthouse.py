"""Lighthouse over every page of the built book: performance, accessibility, best practices and search engines' view.

The pages are served on loopback as a web host serves them, text gzipped; Lighthouse's own desktop preset slows network
and processor by its model. One page at a time, since two would slow each other. A page below the target is measured
twice more, and its median counts: other work on the machine shows in the performance score alone. A page on which
Lighthouse fails is noted with its reason, and the run goes on.

Each page's last result is kept in `_build/bench/lighthouse_pages.json`, with when it was measured: a run over some
pages replaces theirs alone. The figures are those of all pages kept; the exit code is that of the pages just measured.
The book's root is not among them: it only leads on to the first page.

    python3 make.py bench lighthouse                    # every page
    python3 make.py bench lighthouse book/contract      # some; search.html for the page of a benchmark's name
    python3 make.py bench lighthouse --json
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks import figures
from tests.benchmarks.figures import Figure, figure, show
from tests.benchmarks.lighthouse_pages import CATEGORIES, PageFailed, Scores, lighthouse, measured, served
from tools import book
from tools.browser import find_browser, missing_browser_help
from tools.environment import ROOT

TARGET = 95
MORE_RUNS = 2
GENERATED = ("genindex", "search")  # the book's pages that are in no table of contents


@dataclass(frozen=True)
class Result:
    """What was found on one page: the scores, 0 to 100, of so many runs; or none, and why Lighthouse `failed`."""

    measured: str  # ISO 8601, UTC
    runs: int = 0
    scores: Scores = field(default_factory=dict)
    failed: str = ""

    @property
    def met(self) -> bool:
        return not self.failed and min(self.scores.values()) >= TARGET

    def line(self) -> str:
        if self.failed:
            return f"FAILED {self.failed}"
        again = f"  (median of {self.runs})" if self.runs > 1 else ""
        return " ".join(f"{self.scores[name]:5.0f}" for name in CATEGORIES) + again


def pages_of(root: Path, html: Path, wanted: Sequence[str]) -> list[str]:
    """The pages that are wanted, else every page, without suffix. Raises SystemExit when the built book lacks one."""
    if not (html / "index.html").is_file():
        raise SystemExit("There is no built book: python3 make.py book --no-serve")
    named = [word.removesuffix(".html") for word in wanted] or [*book.pages(root), *GENERATED]
    if missing := [page for page in named if not (html / f"{page}.html").is_file()]:
        raise SystemExit(f"The built book has no page {', '.join(missing)}: python3 make.py book --no-serve")
    return list(dict.fromkeys(named))


def judged(command: Sequence[str], url: str, browser: str) -> Result:
    """A page's result; it is measured again where a score is below the target. One failed run fails the page."""
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    runs: list[Scores] = []
    try:
        runs.append(measured(command, url, browser))
        if min(runs[0].values()) < TARGET:
            runs += [measured(command, url, browser) for _ in range(MORE_RUNS)]
    except PageFailed as failure:
        return Result(now, failed=str(failure))
    return Result(now, len(runs), {name: statistics.median(run[name] for run in runs) for name in CATEGORIES})


def survey(command: Sequence[str], html: Path, pages: Sequence[str], browser: str, kept: Path) -> dict[str, Result]:
    """Measure the pages one by one, say each and keep it as soon as it is there; returns them by name."""
    found: dict[str, Result] = {}
    with served(html) as address:
        for number, page in enumerate(pages, 1):
            found[page] = judged(command, f"{address}/{page}.html", browser)
            print(f"{number:3}/{len(pages)} {page:<40} {found[page].line()}", file=sys.stderr, flush=True)
            keep(kept, merged(results_in(kept), {page: found[page]}, html))
    return found


def merged(old: Mapping[str, Result], new: Mapping[str, Result], html: Path) -> dict[str, Result]:
    """The new results over the old, by page, without pages that the book has no more."""
    return {page: one for page, one in {**old, **new}.items() if (html / f"{page}.html").is_file()}


def results_in(kept: Path) -> dict[str, Result]:
    """The results of earlier runs, by page; none where no file is, or one that cannot be read."""
    try:
        return {page: Result(**one) for page, one in json.loads(kept.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep(kept: Path, results: Mapping[str, Result]) -> None:
    """Write the results for the next run, all or nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_suffix(".part")
    half.write_text(as_json(results) + "\n", encoding="utf-8")
    os.replace(half, kept)


def as_json(results: Mapping[str, Result]) -> str:
    """The results by page, as they are kept and as `--json` prints them."""
    return json.dumps({page: asdict(one) for page, one in results.items()}, indent=1, ensure_ascii=False)


def figures_of(results: Mapping[str, Result]) -> list[Figure]:
    """How many pages failed; of the others the lowest score of each category, with its spread, and the median."""
    failed = sum(bool(one.failed) for one in results.values())
    found = [Figure(f"pages of {len(results)} on which Lighthouse failed", failed, "", 0, (failed, failed))]
    scored = [one.scores for one in results.values() if not one.failed]
    if not scored:
        return found
    for name in CATEGORIES:
        values = [scores[name] for scores in scored]
        spread = (min(values), max(values))
        found.append(Figure(f"lowest {name} of {len(scored)} pages", min(values), "", TARGET, spread, at_least=True))
    performance = [scores["performance"] for scores in scored]
    return [*found, figure("median performance", performance, "", at_least=True)]


def table(results: Mapping[str, Result]) -> list[str]:
    """When the pages were measured, and a line for each that failed or is below the target."""
    times = sorted(one.measured for one in results.values())
    span = times[0] if times[0] == times[-1] else f"from {times[0]} to {times[-1]}"
    below = [f"{page:<40} {one.line()}  {one.measured}" for page, one in results.items() if not one.met]
    return [f"{len(times)} pages, measured {span}", *below]


def main() -> int:
    """Measure, print a line a page and the figures; 1 when Lighthouse failed on a page, or one is below the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pages", nargs="*", help="such as book/contract; without any, every page, index and search")
    parser.add_argument("--json", action="store_true", help="print what was found on each page as JSON")
    parser.add_argument("--runs", type=int, default=1, help="taken by every benchmark; here a page decides itself")
    options = parser.parse_args()
    browser = find_browser()
    if browser is None:
        raise SystemExit(missing_browser_help())
    pages = pages_of(ROOT, book.HTML, options.pages)
    kept = figures.KEPT / "lighthouse_pages.json"
    found = survey(lighthouse(), book.HTML, pages, browser, kept)
    if options.json:
        print(as_json(found))
    else:
        everything = results_in(kept)
        print("\n".join(table(everything)))
        show("lighthouse", figures_of(everything))
    return int(not all(one.met for one in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
