"""The page contract: what every page of the course promises its reader, and in which order (CONTRIBUTING.md says why).

    title · promise · You will (three) · Minutes and You need · body · Summary · Next

Notebooks and Markdown pages keep the same contract; a notebook also begins with the cell that installs the platform on
Colab. Exempt are the first page and the pages below `Reference` and `Appendix` in _toc.yml, where one looks things up.
This needs nothing but the standard library, since pre-commit runs it too.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.environment import ROOT
from tools.reading_time import LINE, amounts_in, rewritten
from tools.terminal import Terminal

EXEMPT_PARTS = ("Reference", "Appendix")
TEMPLATE = ROOT / "templates" / "notebook.ipynb"
LONGEST_PROMISE = 200  # characters
COLAB = """\
# Colab starts without the platform: install it there. Elsewhere this cell does nothing.
import importlib.util

if importlib.util.find_spec("janus_platform") is None:
    %pip install -q "janus-bench[platform] @ git+{repository}"
"""
_BULLET = re.compile(r"^[-*] \S", re.M)
_MINUTES = re.compile(r"^\*\*Minutes:\*\* \d+\b.*\*\*You need:\*\* \S")
_NEXT = re.compile(r"^## Next\n+(?P<section>.+)|^\*\*Next:\*\* (?P<line>.+)", re.M | re.S)
_FENCE = re.compile(r"^(`{3,}|:{3,}).*?^\1\s*$", re.M | re.S)


def broken(text: str) -> list[str]:
    """What of the contract a page's prose does not keep, each as a sentence that says what to write."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.strip())]
    return [said for check in (_opening, _points, _body, _ending) for said in check(text, [*blocks, "", "", "", ""])]


def _opening(text: str, blocks: list[str]) -> Iterator[str]:
    title, promise = blocks[0], blocks[1]
    if not re.match(r"# \S", title) or "\n" in title:
        yield "begin with a title: one line, `# Title`"
    if not promise or promise[0] in "*#-|`:<" or len(promise) > LONGEST_PROMISE or not promise.endswith("."):
        yield f"after the title, promise in one sentence, at most {LONGEST_PROMISE} characters, what the page gives"


def _points(text: str, blocks: list[str]) -> Iterator[str]:
    if blocks[2] != "**You will**" or len(_BULLET.findall(blocks[3])) != 3:
        yield "after the promise, write `**You will**` and a list of three points"
    if not any(_MINUTES.match(" ".join(block.split())) for block in blocks[3:6]):
        yield "after the points, write `**Minutes:** n · **You need:** …`, with links to the pages that come before"


def _body(text: str, blocks: list[str]) -> Iterator[str]:
    headings = [heading for heading in _headings(text) if heading not in ("Summary", "Next")]
    if not headings:
        yield "give the body at least one section, `## …`"


def _ending(text: str, blocks: list[str]) -> Iterator[str]:
    headings = _headings(text)
    if "Summary" not in headings:
        yield "close with `## Summary`"
    elif set(headings[headings.index("Summary") + 1 :]) - {"Next"}:
        yield "after `## Summary` comes nothing but what is next"
    closing = _FENCE.sub("", text.rpartition("## Summary")[2])
    found = _NEXT.search(closing)
    if not found or "](" not in (found["section"] or found["line"]):
        yield "say after the summary what is next, with a link: `## Next`, or `**Next:** …`"


def _headings(text: str) -> list[str]:
    return [heading.strip() for heading in re.findall(r"^## (.+)$", _FENCE.sub("", text), re.M)]


def broken_in_notebook(notebook: dict[str, Any], repository: str) -> list[str]:
    """What of the contract a notebook does not keep: its prose, then what stands in its first cells."""
    cells = notebook["cells"]
    prose = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    said = broken(prose)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    first: dict[str, Any] = code[0] if code else {"source": "", "metadata": {}}
    if "".join(first["source"]).strip() != COLAB.format(repository=repository).strip():
        said.append(
            "make the first code cell the one that installs the platform on Colab: see templates/notebook.ipynb"
        )
    elif "remove-cell" not in first["metadata"].get("tags", []):
        said.append("tag the Colab cell `remove-cell`, so that the book does not show it")
    if any(cell.get("outputs") or cell.get("execution_count") for cell in code):
        said.append("store no outputs: the build makes them (pre-commit strips them)")
    return said


def broken_in(file: Path) -> list[str]:
    """What of the contract the page in a file does not keep."""
    text = file.read_text(encoding="utf-8")
    return [*_broken_text(file, text), *wrong_minutes(file, text)]


def wrong_minutes(file: Path, text: str) -> Iterator[str]:
    """What to write where a page states other minutes than what is on it takes."""
    amounts = amounts_in(file)
    if LINE.search(text) and not amounts.agrees_with(text):
        yield f"what is on the page takes other minutes: write `{amounts.line} · …`, or run `make minutes`"


def _broken_text(file: Path, text: str) -> list[str]:
    if file.suffix != ".ipynb":
        return broken(re.sub(r"\A---\n.*?^---\n", "", text, flags=re.M | re.S))
    contract = tomllib.loads((ROOT / "janus_platform" / "contract" / "contract.toml").read_text(encoding="utf-8"))
    return broken_in_notebook(json.loads(text), contract["repository"])


def course_pages(toc: str) -> list[str]:
    """The pages of _toc.yml that keep the contract: all but the first and those of the exempt parts."""
    parts = re.split(r"^\s*-\s+caption:\s*", toc, flags=re.M)[1:]
    kept = [part for part in parts if part.splitlines()[0].strip().strip("\"'") not in EXEMPT_PARTS]
    return [page for part in kept for page in re.findall(r"^\s*-\s+file:\s*[\"']?([^\s\"'#]+)", part, re.M)]


def course_files() -> list[Path]:
    """The source files of those pages, and the template."""
    return [*_files(course_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))), TEMPLATE]


def reference_files() -> list[Path]:
    """The source files of the pages where readers look things up; of the contract they keep only the minutes."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    pages = re.findall(r"^\s*-\s+file:\s*[\"']?([^\s\"'#]+)", toc, re.M)
    return _files([page for page in pages if page not in course_pages(toc)])


def _files(pages: list[str]) -> list[Path]:
    files = [ROOT / f"{page}{end}" for page in pages for end in (".md", ".ipynb")]
    return [file for file in files if file.is_file()]


def write_minutes(terminal: Terminal) -> None:
    """Bring the line of minutes of every page up to date, and say which pages were changed."""
    files, changed = (*course_files(), *reference_files()), 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        if (new := rewritten(text, amounts_in(file))) != text:
            file.write_text(new, encoding="utf-8")
            terminal.say(f"  · {file.relative_to(ROOT)}: {amounts_in(file).line}")
            changed += 1
    terminal.say(f"{len(files)} pages counted, {changed} changed.")


def main(names: list[str]) -> int:
    """Check the named files, or all; print what is broken; returns 1 when something is."""
    named = {Path(name).resolve() for name in names}
    failures = [(file, said) for file in course_files() if not named or file in named for said in broken_in(file)]
    for file in reference_files():
        if not named or file in named:
            failures += [(file, said) for said in wrong_minutes(file, file.read_text(encoding="utf-8"))]
    for file, said in failures:
        print(f"{file.relative_to(ROOT)}: {said}")
    if not failures:
        print("Every page that was looked at keeps the page contract.")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
