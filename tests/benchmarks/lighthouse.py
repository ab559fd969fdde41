"""Lighthouse over every page of the built book: performance, accessibility, best practices and search engines' view.

The pages are served on loopback as a web host serves them, text gzipped; Lighthouse's own desktop preset slows network
and processor by its model. One page at a time, since two would slow each other. A page below the target is measured
twice more, and its median counts: other work on the machine shows in the performance score alone.

    python3 make.py bench lighthouse                    # every page
    python3 make.py bench lighthouse book/contract      # some
    python3 make.py bench lighthouse --json
"""

from __future__ import annotations

import argparse
import functools
import gzip
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, figure, show
from tools import book
from tools.browser import FLAGS, find_browser, missing_browser_help
from tools.environment import ROOT

VERSION = "12.8.2"  # the last that runs on Node.js 18 and 20
ROOM = ROOT / ".make" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TARGET = 95
MORE_RUNS = 2
NPM_SECONDS, PAGE_SECONDS = 300, 120
_GZIPPED = (".html", ".css", ".js", ".svg", ".json")

Scores = Mapping[str, float]


class Gzipping(SimpleHTTPRequestHandler):
    """Serves files with their length, text gzipped where the browser takes it, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def send_head(self) -> io.BytesIO | None:
        """The head of the answer; returns its body."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return None
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in _GZIPPED and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


@contextmanager
def served(html: Path) -> Iterator[str]:
    """The address of the built book, while the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Gzipping, directory=str(html))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def lighthouse() -> list[str]:
    """The command that runs Lighthouse, installed from npm when it is not there. Raises SystemExit without npm."""
    script = ROOM / "node_modules" / "lighthouse" / "cli" / "index.js"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SystemExit("Lighthouse needs Node.js 18 or newer, with npm: install it, then run this again.")
    if not script.is_file():
        ROOM.mkdir(parents=True, exist_ok=True)
        words = [npm, "install", "--prefix", str(ROOM), "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
        subprocess.run(words, check=True, timeout=NPM_SECONDS, stdout=subprocess.DEVNULL)
    return [node, str(script)]


def measured(command: list[str], url: str, browser: str) -> Scores:
    """The four scores of one page, 0 to 100. Raises RuntimeError with what Lighthouse said when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = [*command, url, "--preset=desktop", "--output=json", f"--output-path={report}", "--quiet"]
        words += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={' '.join(FLAGS)}"]
        env = {**os.environ, "CHROME_PATH": browser}
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=PAGE_SECONDS)
        if done.returncode or not report.is_file():
            raise RuntimeError(f"{url}: {done.stderr[-500:]}")
        return scores_in(json.loads(report.read_text(encoding="utf-8")))


def scores_in(report: Mapping[str, Any]) -> Scores:
    """The scores of Lighthouse's report, 0 to 100; one that could not be computed counts 0."""
    return {name: 100 * (report["categories"][name]["score"] or 0) for name in CATEGORIES}


def judged(command: list[str], url: str, browser: str) -> tuple[Scores, int]:
    """A page's scores and how often it was measured: again where a score is below the target."""
    runs = [measured(command, url, browser)]
    if min(runs[0].values()) < TARGET:
        runs += [measured(command, url, browser) for _ in range(MORE_RUNS)]
    return {name: statistics.median(run[name] for run in runs) for name in CATEGORIES}, len(runs)


def figures_of(found: Mapping[str, Scores]) -> list[Figure]:
    """The lowest score of each category, with its spread over the pages."""
    lowest = {name: [scores[name] for scores in found.values()] for name in CATEGORIES}
    return [
        Figure(f"lowest {name} of {len(found)} pages", min(values), "", TARGET, (min(values), max(values)), True)
        for name, values in lowest.items()
    ] + [figure("median performance", lowest["performance"], "", at_least=True)]


def main() -> int:
    """Measure, print a line a page and the lowest scores; 1 when a page is below the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pages", nargs="*", help="such as book/contract; without any, every page and the search")
    parser.add_argument("--json", action="store_true", help="print the scores of each page as JSON")
    parser.add_argument("--runs", type=int, default=1, help="taken by every benchmark; here a page decides itself")
    options = parser.parse_args()
    browser = find_browser()
    if browser is None:
        raise SystemExit(missing_browser_help())
    if not (book.HTML / "index.html").is_file():
        raise SystemExit("There is no built book: python3 make.py book --no-serve")
    pages = options.pages or list(dict.fromkeys([*book.pages(ROOT), "search"]))
    command, found = lighthouse(), {}
    with served(book.HTML) as address:
        for number, page in enumerate(pages, 1):
            found[page], runs = judged(command, f"{address}/{page}.html", browser)
            line = " ".join(f"{found[page][name]:5.0f}" for name in CATEGORIES)
            again = f"  (median of {runs})" if runs > 1 else ""
            print(f"{number:3}/{len(pages)} {page:<40} {line}{again}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show("lighthouse", figures_of(found))
    return int(any(score < TARGET for scores in found.values() for score in scores.values()))


if __name__ == "__main__":
    raise SystemExit(main())
