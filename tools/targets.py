"""The targets of `make.py`: what each does, in order, and the command line."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tools import book, exercises, facts, page_contract, pins, release
from tools.browser import find_browser, missing_browser_help
from tools.environment import BIN, PYTHON, ROOT, VENV, apt_install, as_root, setup, variables
from tools.platform import book_home, running
from tools.terminal import StepError, Terminal

TYPED = ("janus_bench", "janus_book", "janus_platform", "tools", "book/_ext")
NO_BENCHMARK = ("__init__", "figures", "lighthouse_pages")
CACHES = ("_build", ".make", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "build", "dist")


def make_setup(terminal: Terminal, rest: list[str]) -> int:
    """make .venv, install everything pinned, get the model, build the indexes"""
    setup(terminal)
    return 0


def make_book(terminal: Terminal, rest: list[str]) -> int:
    """set up, execute and build the book into _build/html, and serve it (--no-serve: only build)"""
    setup(terminal)
    book.build(terminal)
    if "--no-serve" in rest:
        terminal.say(f"\nThe book is in {book.HTML / 'index.html'}")
    else:
        book.serve(terminal)
    return 0


def make_serve(terminal: Terminal, rest: list[str]) -> int:
    """serve the book that is built"""
    book.serve(terminal)
    return 0


def make_test(terminal: Terminal, rest: list[str]) -> int:
    """set up, lint, build the book, run every test; what follows goes to pytest, and then only pytest runs"""
    setup(terminal, tests=True)
    _browser(terminal)
    env = variables()
    if not rest:
        _lint(terminal)
        book.build(terminal)
        env[book.TESTED] = str(book.executed(ROOT))
        rest = ["--numprocesses=3", "--dist=loadfile"]  # much of the suite waits: for kernels, platforms, browsers
    return terminal.show([PYTHON, "-m", "pytest", *rest], env=env, cwd=ROOT)


def make_lint(terminal: Terminal, rest: list[str]) -> int:
    """ruff, mypy, and the prose linter"""
    setup(terminal, tests=True)
    _lint(terminal)
    return 0


def make_lab(terminal: Terminal, rest: list[str]) -> int:
    """JupyterLab with the platform up"""
    setup(terminal)
    with running(terminal) as env:
        options = [f"--ServerApp.root_dir={ROOT}", "--LabApp.default_url=/lab/tree/notebooks"]
        if as_root():  # As in a container; Jupyter would refuse to start.
            options.append("--allow-root")
        return terminal.show([BIN / "jupyter", "lab", *options, *rest], env=env, cwd=ROOT)


def make_bench(terminal: Terminal, rest: list[str]) -> int:
    """measure everything in tests/benchmarks, or only what is named (bench search); what follows goes to each"""
    setup(terminal, tests=True)
    names = sorted(path.stem for path in (ROOT / "tests" / "benchmarks").glob("*.py") if path.stem not in NO_BENCHMARK)
    chosen = [word for word in rest if word in names] or names
    options = [word for word in rest if word not in names]
    exits = []
    for name in chosen:
        terminal.say(f"\n{name}")
        exits.append(terminal.show([PYTHON, "-m", f"tests.benchmarks.{name}", *options], env=variables(), cwd=ROOT))
    return max(exits)


def make_slides(terminal: Terminal, rest: list[str]) -> int:
    """run the notebooks and write slides into _build/slides: of all and the architecture, or of the pages named"""
    setup(terminal)
    everything = [ROOT / "book" / "architecture.md", *sorted((ROOT / "notebooks").glob("*.ipynb"))]
    chosen = [_page_named(word) for word in rest] or everything
    if missing := [path.stem for path in chosen if not path.is_file()]:
        terminal.say(f"There is no notebook or page {', '.join(missing)}.")
        return 2
    with running(terminal, own_home=book_home(), port=0) as env:
        command: list[str | Path] = [PYTHON, "-m", "tools.slide_deck", ROOT / "_build" / "slides", *chosen]
        return terminal.show(command, env=env, cwd=ROOT)


def _page_named(name: str) -> Path:
    notebook = ROOT / "notebooks" / f"{name}.ipynb"
    return notebook if notebook.is_file() else ROOT / "book" / f"{name}.md"


def make_exercises(terminal: Terminal, rest: list[str]) -> int:
    """write the exercises' tasks and stubs into the notebooks, or into those that are named"""
    exercises.write_all(terminal, rest)
    return 0


def make_facts(terminal: Terminal, rest: list[str]) -> int:
    """write the contract's facts between their marks in notebooks and the README"""
    setup(terminal)
    facts.write_all(terminal)
    return 0


def make_minutes(terminal: Terminal, rest: list[str]) -> int:
    """count what is on every page, and write the minutes that it takes into its third line"""
    page_contract.write_minutes(terminal)
    return 0


def make_expected(terminal: Terminal, rest: list[str]) -> int:
    """record what the notebooks' deterministic cells print, for the notebook tests"""
    setup(terminal, tests=True)
    return terminal.show([PYTHON, "-m", "tests.notebooks.expected", *rest], env=variables(), cwd=ROOT)


def make_diagrams(terminal: Terminal, rest: list[str]) -> int:
    """draw new Mermaid diagrams into book/_diagrams (needs npm and Chromium)"""
    setup(terminal, tests=True)
    _browser(terminal)
    return terminal.show([PYTHON, ROOT / "book" / "_ext" / "mermaid_render.py"], env=variables(), cwd=ROOT)


def make_requirements(terminal: Terminal, rest: list[str]) -> int:
    """pin pyproject.toml into requirements.txt (--upgrade: to the newest of everything; --lowest: to the oldest)"""
    pins.write_pins(terminal, upgrade="--upgrade" in rest, lowest="--lowest" in rest)
    return 0


def make_pages(terminal: Terminal, rest: list[str]) -> int:
    """hold every page, or those that are named, to the page contract of CONTRIBUTING.md"""
    return page_contract.main(rest)


def make_links(terminal: Terminal, rest: list[str]) -> int:
    """ask every address that the pages link to"""
    setup(terminal)
    with terminal.step("ask every address that the pages link to"):
        answered = book.check_links()
    terminal.say(f"  {answered} addresses answer")
    return 0


def make_dist(terminal: Terminal, rest: list[str]) -> int:
    """build the package into dist/; with a tag (dist v1.2.3) only when it names pyproject.toml's version"""
    release.build(terminal, *rest[:1])
    return 0


def make_clean(terminal: Terminal, rest: list[str]) -> int:
    """remove what was built (--all: .venv too)"""
    for name in CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    if "--all" in rest:
        shutil.rmtree(VENV, ignore_errors=True)
    return 0


def make_help(terminal: Terminal, rest: list[str]) -> int:
    """this list"""
    terminal.say("python3 make.py TARGET [-v] [options], or make TARGET\n")
    for name, target in TARGETS.items():
        terminal.say(f"  {name:<13}{target.__doc__}")
    return 0


TARGETS: dict[str, Callable[[Terminal, list[str]], int]] = {
    "book": make_book,
    "test": make_test,
    "lab": make_lab,
    "bench": make_bench,
    "help": make_help,
    "setup": make_setup,
    "serve": make_serve,
    "lint": make_lint,
    "requirements": make_requirements,
    "pages": make_pages,
    "links": make_links,
    "dist": make_dist,
    "diagrams": make_diagrams,
    "slides": make_slides,
    "exercises": make_exercises,
    "facts": make_facts,
    "minutes": make_minutes,
    "expected": make_expected,
    "clean": make_clean,
}


def run(words: list[str]) -> int:
    """Run one target; returns the process's exit code: 0 done, 1 failed, 2 no such target, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="make.py", add_help=False)
    parser.add_argument("target", nargs="?", default="help")
    parser.add_argument("-v", "--verbose", action="store_true")
    known, rest = parser.parse_known_args(words)
    if known.target not in TARGETS:
        print(f"make.py has no target {known.target!r}. It has: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    terminal = Terminal(verbose=known.verbose)
    # A polite kill ends like Ctrl-C: what was started is taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return TARGETS[known.target](terminal, rest)
    except StepError as failure:
        terminal.failed(failure)
        return 1
    except KeyboardInterrupt:
        return 130


def _lint(terminal: Terminal) -> None:
    mypy: list[str | Path] = [
        PYTHON,
        "-m",
        "mypy",
        "--config-file",
        ROOT / "pyproject.toml",
        "--cache-dir",
        ROOT / ".mypy_cache",
    ]
    with terminal.step("ruff"):
        terminal.run([PYTHON, "-m", "ruff", "check", "."], env=variables(), cwd=ROOT)
    with terminal.step("mypy"):
        terminal.run([*mypy, *TYPED], env=variables(), cwd=ROOT)
        # An implementation is a program of its own, which imports its neighbours by their bare names.
        for program in sorted((ROOT / "janus_platform" / "implementations").glob("*/main.py")):
            terminal.run([*mypy, "."], env=variables(), cwd=program.parent)
    with terminal.step("prose"):
        terminal.run([PYTHON, "-m", "tools.prose"], env=variables(), cwd=ROOT)


def _browser(terminal: Terminal) -> None:
    if find_browser() is None:
        apt_install(terminal, "install chromium for the page tests", "chromium")
    if find_browser() is None:
        raise StepError("the page tests need a browser", remedy=missing_browser_help())
