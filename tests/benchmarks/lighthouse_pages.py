"""How Lighthouse measures one page: the server of the built book, Lighthouse from npm, one run and its scores.

It trusts one run: which pages are measured, and how often, stands in `lighthouse.py`. A browser whose Lighthouse died
by itself is not looked for; one that was stopped here is stopped with it.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from tools.browser import FLAGS
from tools.environment import STATE

VERSION = "12.8.2"  # the last that runs on Node.js 18 and 20
ROOM = STATE / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
NPM_SECONDS, PAGE_SECONDS, END_SECONDS = 300, 120, 10
MOST_SAID = 300
_GZIPPED = (".html", ".css", ".js", ".svg", ".json")

Scores = Mapping[str, float]


class PageFailed(Exception):
    """Lighthouse measured nothing on a page; the message says why, in one line."""


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
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def lighthouse(room: Path = ROOM) -> list[str]:
    """The command that runs Lighthouse, from npm unless `room` has VERSION. Raises SystemExit where that fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SystemExit("Lighthouse needs Node.js 18 or newer, with npm: install it, then run this again.")
    package = room / "node_modules" / "lighthouse"
    if version_in(package) != VERSION:
        room.mkdir(parents=True, exist_ok=True)
        words = [npm, "install", "--prefix", str(room), "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
        try:
            subprocess.run(words, check=True, timeout=NPM_SECONDS, stdout=subprocess.DEVNULL)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise SystemExit(f"Lighthouse {VERSION} was not installed: {error}") from error
    return [node, str(package / "cli" / "index.js")]


def version_in(package: Path) -> str | None:
    """The version of the npm package in that folder, or None where there is none that can be read."""
    try:
        described = json.loads((package / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return described.get("version") if isinstance(described, dict) else None


def measured(command: Sequence[str], url: str, browser: str, *, seconds: float = PAGE_SECONDS) -> Scores:
    """The four scores of one page, 0 to 100. Raises PageFailed when Lighthouse fails, or takes more than `seconds`."""
    # Browsers that are killed leave their profile: it goes with the folder.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        report, said = Path(folder) / "report.json", Path(folder) / "said"
        words = [*command, url, "--preset=desktop", "--output=json", f"--output-path={report}", "--quiet"]
        words += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={' '.join(FLAGS)}"]
        env = {**os.environ, "CHROME_PATH": browser, "TMPDIR": folder}
        with said.open("wb") as errors:
            process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise PageFailed(f"no report after {seconds:g} s") from None
        finally:
            end(process)
        if code:
            raise PageFailed(reason_in(said.read_text(encoding="utf-8", errors="replace"), code))
        return scores_of(report)


def end(process: subprocess.Popen[Any]) -> None:
    """Kill the process, if it still runs, and all that it started: Lighthouse puts its browser into another group."""
    if process.poll() is not None:
        return
    try:
        started = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        started = []
    process.kill()
    process.wait()
    for one in started:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(started, END_SECONDS)


def reason_in(said: str, code: int) -> str:
    """Of all that Lighthouse said, the line that names the error, else the last; its exit code when it said nothing."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return f"exit code {code}, and not a word"
    return next((line for line in lines if "error" in line.lower()), lines[-1])[:MOST_SAID]


def scores_of(report: Path) -> Scores:
    """The scores in Lighthouse's report file. Raises PageFailed when it is missing or is no such report."""
    try:
        return scores_in(json.loads(report.read_text(encoding="utf-8")))
    except OSError as error:
        raise PageFailed("it ended well, and wrote no report") from error
    except (ValueError, LookupError, TypeError) as error:
        raise PageFailed(f"its report cannot be read: {type(error).__name__}: {error}"[:MOST_SAID]) from error


def scores_in(report: Mapping[str, Any]) -> Scores:
    """The scores of Lighthouse's report, 0 to 100; one that could not be computed counts 0."""
    return {name: round(100 * (report["categories"][name]["score"] or 0), 2) for name in CATEGORIES}
