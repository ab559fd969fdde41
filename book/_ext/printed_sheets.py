"""Two sheets for a class, each one page of A4: the learner's and the teacher's, written beside the pages of *Teach*.

Their text is in `book/_sheets/`. Hosts and limits come from the contract, the plan and its minutes from
`book/teach/paths.md`, so that neither is written a second time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from facts import as_prose
from markdown_it import MarkdownIt
from sphinx.application import Sphinx

from janus_platform.contract import load_contract
from janus_platform.drawing import alone

BOOK = Path(__file__).resolve().parents[1]
SHEETS = BOOK / "_sheets"
PLAN = "Half a day"
FIRST = "the ninety minutes: classroom, first request, architecture, services, build, quick bench"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A sheet to print: one page of A4.">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 11mm 13mm; }}
:root {{ color-scheme: light; }}
body {{ max-width: 186mm; margin: 8mm auto; padding: 0 4mm; color: #1c2033; background: #fff; }}
body {{ font: 9.2pt/1.36 system-ui, sans-serif; }}
h1 {{ font-size: 15pt; margin: 0 0 2mm; }}
h2 {{ font-size: 10.5pt; margin: 2.6mm 0 1mm; color: #4548c9; }}
p {{ margin: 1mm 0; }}
pre, code {{ font: 0.9em/1.35 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
pre {{ margin: 1mm 0; padding: 1.2mm 2.5mm; background: #f3f4fb; border-radius: 1mm; white-space: pre-wrap; }}
table {{ border-collapse: collapse; width: 100%; margin: 1mm 0; }}
th, td {{ padding: 0.55mm 2mm 0.55mm 0; border-bottom: 0.2mm solid #d8dbe6; text-align: left; vertical-align: top; }}
svg {{ display: block; width: 92mm; height: auto; margin: 1mm auto; }}
@media print {{ body {{ margin: 0; padding: 0; max-width: none; }} pre {{ print-color-adjust: exact; }} }}
</style>
</head>
<body><main>
{body}
</main></body>
</html>
"""


def sheet(name: str) -> str:
    """The HTML of the sheet `learner` or `teacher`."""
    text = (SHEETS / f"{name}.md").read_text(encoding="utf-8")
    text = text.replace("[[hosts]]", _hosts()).replace("[[half-day]]", plan())
    body = MarkdownIt("commonmark").enable("table").render(text)
    title = text.splitlines()[0].removeprefix("# ")
    return _PAGE.format(title=title, body=body.replace("<p>[[drawing]]</p>", alone("wide")))


def plan() -> str:
    """The table of the half day, as `paths.md` has it, without its links."""
    section = (BOOK / "teach" / "paths.md").read_text(encoding="utf-8").split(f"## {PLAN}", 1)[1].split("\n## ", 1)[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    return _LINK.sub(r"\1", table.replace("the path above", FIRST))


def _hosts() -> str:
    rows = [
        f"| {s.title} | `{s.host}` | {as_prose(s.rate_limit, 'rate_limit') if s.rate_limit else 'none'} |"
        for s in load_contract().services.values()
    ]
    return "\n".join(["| service | host | limit for each caller |", "|---|---|---|", *rows])


def write_sheets(app: Sphinx, exception: Exception | None) -> None:
    """Write each sheet beside the pages of *Teach*, where the book has such pages."""
    folder = Path(app.outdir) / "book" / "teach"
    if exception is None and app.builder.format == "html" and folder.is_dir():
        for source in SHEETS.glob("*.md"):
            (folder / f"{source.stem}_sheet.html").write_text(sheet(source.stem), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects it."""
    app.connect("build-finished", write_sheets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
