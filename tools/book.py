"""Builds the book into `_build/html`, checks that every page of `_toc.yml` is there, and serves it on loopback."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tools.environment import BIN, PYTHON, ROOT, STATE, variables
from tools.platform import book_home, running
from tools.terminal import LAST_LINES, StepError, Terminal

HTML = ROOT / "_build" / "html"
PREFERRED_PORT = 8080
# Names the cache of outputs for book/_ext/book_site.py; without it the build runs the notebooks itself.
EXECUTED = "JANUS_BOOK_EXECUTED"
# The same cache for the tests of what notebooks print; without it they run the notebooks themselves.
TESTED = "JANUS_NOTEBOOKS_EXECUTED"
_TOC_ENTRY = re.compile(r"^\s*(?:-\s+)?(?:root|file):\s*[\"']?([^\s\"'#]+)", re.M)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_CELL = re.compile(
    r"CellExecutionError: An error occurred while executing the following cell:\n-+\n(?P<cell>.*?)"
    r"\n+The above exception",
    re.S,
)
_NOTEBOOK = re.compile(r"ExecutionError: (\S+\.(?:ipynb|md))")
# ipykernel's advice about encryption, and the empty exception that jupyter-book ends every failure with.
_NOISE = re.compile(r"IPKernelApp|^RuntimeError:\s*$")
_PEOPLE_ONLY = re.compile(r"(401|403|405|429) ")
_TROUBLE = re.compile(r"WARNING:|ERROR:|CRITICAL:|[A-Z]\w*(?:Error|Exception): ")


def build(terminal: Terminal) -> None:
    """Execute the notebooks and build every page; a warning, a failing cell or a missing page raises StepError."""
    missing = missing_sources(ROOT)
    if missing:
        raise StepError(
            f"_toc.yml names pages that do not exist: {', '.join(missing)}", remedy="Write them, or take them out."
        )
    with terminal.step("execute the notebooks"):
        executed = execute(ROOT)
    # The first page, in Markdown, runs a cell as well, and asks this platform.
    with running(terminal, own_home=book_home(), port=0) as env, terminal.step("build the book"):
        run_jupyter_book(BIN / "jupyter-book", ROOT, {**env, EXECUTED: str(executed)})
    check_pages(ROOT)


def execute(root: Path) -> Path:
    """Run the notebooks of `_toc.yml` side by side; returns the cache that holds their outputs.

    Raises StepError with the cells that failed.
    """
    cache = executed(root)
    notebooks = [root / f"{page}.ipynb" for page in pages(root) if (root / f"{page}.ipynb").is_file()]
    command = [
        str(PYTHON),
        "-m",
        "tools.notebook_runs",
        str(cache),
        str(cache.with_name("homes")),
        *map(str, notebooks),
    ]
    done = subprocess.run(command, env=variables(), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip() or done.stderr.decode(errors="replace")[-2000:]
        raise StepError("a notebook did not run", output=said, remedy="Open it with `make lab`.")
    return cache


def executed(root: Path) -> Path:
    """The cache of outputs that a build leaves."""
    return root / STATE.name / "executed"


def run_jupyter_book(command: Path, root: Path, env: dict[str, str]) -> None:
    """`jupyter-book build` with warnings as errors. Raises StepError with what went wrong; the whole log is kept."""
    # What an earlier build left would hide a page that this one does not make.
    shutil.rmtree(root / "_build" / "html", ignore_errors=True)
    words = [str(command), "build", str(root), "--all", "--warningiserror", "--nitpick", "--keep-going"]
    done = subprocess.run(
        words, env=env, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    log = _COLOR.sub("", done.stdout.decode(errors="replace"))
    kept = root / STATE.name / "book.log"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(log, encoding="utf-8")
    if done.returncode:
        raise StepError("the book did not build", output=trouble_in(log), remedy=f"The whole log is in {kept}")


def check_links(root: Path = ROOT, command: Path = BIN / "jupyter-book") -> int:
    """Ask every address that a page links to, without running a notebook (Sphinx' linkcheck); returns how many answer.

    Raises StepError with those that do not. Refused to programs is not gone: a reader's browser is let in.
    """
    shutil.rmtree(root / "_build" / "linkcheck", ignore_errors=True)
    words = [str(command), "build", str(root), "--all", "--builder", "custom", "--custom-builder", "linkcheck"]
    done = subprocess.run(
        words,
        env=variables() | {EXECUTED: "none"},
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = root / "_build" / "linkcheck" / "output.json"
    if not output.is_file():
        raise StepError("the links were not asked", output=trouble_in(done.stdout.decode(errors="replace")))
    links = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    dead = [link for link in links if link["status"] in ("broken", "timeout") and not _PEOPLE_ONLY.match(link["info"])]
    if dead:
        named = [f"{link['uri']}  in {link['filename']}, line {link['lineno']}: {link['info']}" for link in dead]
        remedy = "Mend or remove them, then run it again."
        raise StepError(f"{len(dead)} links lead nowhere", output="\n".join(named), remedy=remedy)
    return sum(link["status"] in ("working", "redirected") for link in links)


def trouble_in(log: str) -> str:
    """What of a build's log says what went wrong: the cell that failed, else each warning once, else its last lines."""
    if failed := _CELL.search(log):
        shown = failed["cell"].strip().splitlines()
        notebook = _NOTEBOOK.search(log)
        where = [f"A cell failed in {notebook[1]}:" if notebook else "A cell failed:"]
        return "\n".join(where + (shown if len(shown) <= LAST_LINES else [*shown[:12], "    …", *shown[-12:]]))
    lines = log.splitlines()
    said = [line for line in lines if _TROUBLE.search(line) and not _NOISE.search(line)]
    return "\n".join(dict.fromkeys(said)) if said else "\n".join(lines[-LAST_LINES:])


def pages(root: Path) -> list[str]:
    """The page names of `_toc.yml`, in order, without suffix."""
    return _TOC_ENTRY.findall((root / "_toc.yml").read_text(encoding="utf-8"))


def missing_sources(root: Path) -> list[str]:
    """Pages of `_toc.yml` that have no source file."""
    return [page for page in pages(root) if not any((root / f"{page}{end}").is_file() for end in (".md", ".ipynb"))]


def check_pages(root: Path) -> None:
    """Raises StepError naming every page of `_toc.yml` that the build did not write."""
    html = root / "_build" / "html"
    wanted = ["index", *pages(root)]
    missing = [page for page in wanted if not _is_page(html / f"{page}.html")]
    if missing:
        raise StepError(
            f"missing from {html}: {', '.join(missing)}", remedy="Build again; the log is in .make/book.log."
        )


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, logs nothing, and lets no browser keep a page past the next build."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def end_headers(self) -> None:
        """Adds Cache-Control."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def server(html: Path = HTML, port: int = PREFERRED_PORT) -> ThreadingHTTPServer:
    """A server for the built pages on loopback, at `port` or, when that is taken, at a free one."""
    handler = functools.partial(_Quiet, directory=str(html))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        return ThreadingHTTPServer(("127.0.0.1", 0), handler)


def serve(terminal: Terminal) -> None:
    """Serve the built book until Ctrl-C. Raises StepError when there is none."""
    if not (HTML / "index.html").is_file():
        raise StepError("there is no built book", remedy="python3 make.py book")
    with server() as httpd:
        terminal.say(f"\nThe book is at http://localhost:{httpd.server_address[1]}/    (Ctrl-C ends it)")
        try:
            httpd.serve_forever()
        except KeyboardInterrupt:
            terminal.say("")


def _is_page(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0
