"""Questions and answers about the platform, with the contract's facts in them, for the site `docs.janus.example`.

A file `questions/gateway.txt` is the closing section of the page `gateway`; one that begins with `# Title` and a line
below it is a page of its own. Each block is a question and its answer, a line a paragraph; `{gateway.port}` is a fact.
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path
from typing import Any

from janus_bench.constants import load_scoring
from janus_bench.leaderboard.seeds import HOURS
from janus_platform.contract import Contract
from janus_platform.gateway.balancing import EJECTION_FAILURES
from janus_platform.gateway.chat import PING_SECONDS
from janus_platform.gateway.response_stream import SILENT_SECONDS
from tools.environment import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))  # where Sphinx finds it too
from facts import as_prose, look_up

TEXTS = Path(__file__).parent / "questions"
HEADING = "<h2>Questions</h2>"
_FACT = re.compile(r"\{([A-Za-z_0-9.-]+)\}")
_CODE = re.compile(r"`([^`]+)`")


def finished(contract: Contract, site: Path) -> dict[str, str]:
    """File name and article of each page that has questions. Raises FactError for a fact that does not exist."""
    return {text.stem + ".html": _page(text, contract, site) for text in sorted(TEXTS.glob("*.txt"))}


def section(text: str, contract: Contract) -> str:
    """The questions of `text` as HTML: a heading each, and its answer below."""
    lines = [HEADING]
    for block in re.split(r"\n\s*\n", text.strip()):
        question, *answer = (_marked(line, contract) for line in block.splitlines())
        lines += [f"<h3>{question}</h3>", *(f"<p>{paragraph}</p>" for paragraph in answer)]
    return "\n".join(lines) + "\n"


def _page(file: Path, contract: Contract, site: Path) -> str:
    text = file.read_text(encoding="utf-8")
    if text.startswith("# "):
        title, promise, text = text.split("\n", 2)
        head = f"<h1>{_marked(title[2:], contract)}</h1>\n<p>{_marked(promise, contract)}</p>"
    else:
        head = (site / f"{file.stem}.html").read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
    return f"{head}\n{section(text, contract)}"


def _marked(line: str, contract: Contract) -> str:
    told = _FACT.sub(lambda found: _fact(found[1], contract), line)
    return _CODE.sub(r"<code>\1</code>", escape(told, quote=False))


def _fact(path: str, contract: Contract) -> str:
    first, _, rest = path.partition(".")
    value = look_up(_ELSEWHERE[first], rest) if first in _ELSEWHERE else look_up(contract, path)
    if isinstance(value, float) and "weights" not in path and not path.endswith("_seconds"):
        return f"{value:g}"
    told = as_prose(value, path).replace("\N{NO-BREAK SPACE}", " ")
    return f"{value:,}" if told == str(value) and isinstance(value, int) and value >= 10_000 else told


# Facts that stand outside the contract, each where the code reads it too.
_ELSEWHERE: dict[str, Any] = {
    "score": load_scoring(),
    "code": {
        "ping_seconds": PING_SECONDS,
        "silent_seconds": SILENT_SECONDS,
        "ejection_failures": EJECTION_FAILURES,
        "seed_seconds": HOURS * 3600,
        "answered_share": f"{load_scoring()['right_enough']['answered_share']:.0%}".replace("%", " %"),
    },
}
