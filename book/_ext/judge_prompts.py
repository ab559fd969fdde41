"""The directive `judge`: the judge's prompt, a request as it is sent, and the gold answers, from the package's files.

```{judge} prompt       the instructions, whole
```{judge} request      what the model is handed for one gold answer, with a fixed code in the marks
```{judge} gold         every gold answer with its grade
"""

from __future__ import annotations

import json
from typing import Any

from contract_table import table
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_bench.scoring.llm_judge import PROMPTS, gold_answers, instructions, request_body

CODE = "9f1c64d2a7b80e35"  # a request of the bench has a fresh one each time


class JudgeFiles(SphinxDirective):
    """```{judge} PART```: one part of what a judge is given. PART is prompt, request or gold."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Literal text or a table; an unknown part is an error at this line."""
        for file in PROMPTS.iterdir():
            self.env.note_dependency(str(file))
        part = self.arguments[0]
        if part == "prompt":
            return [_literal(instructions(), "markdown")]
        if part == "request":
            return [_literal(request(), "text")]
        if part == "gold":
            return self.parse_text_to_nodes(gold())
        raise self.error(f"judge has no part {part!r}: prompt, request, gold")


def request() -> str:
    """The message in which the first planted instruction reaches a judge."""
    planted = next(entry for entry in gold_answers() if entry.get("injected"))
    body = json.loads(request_body("judge", planted["question"], planted["answer"], planted["rubric"], "", CODE))
    return str(body["messages"][-1]["content"])


def gold() -> str:
    """The gold answers as a Markdown table, in the order of the file."""
    rows = [
        (_cell(entry["question"]), _cell(entry["answer"]), str(entry["grade"]), "yes" if entry.get("injected") else "")
        for entry in gold_answers()
    ]
    return table(("question", "answer", "grade", "planted"), rows)


def _cell(text: Any) -> str:
    """Text as it stands, on one line of a table."""
    return " ".join(str(text).split()).replace("{", "&#123;").replace("[", "&#91;").replace("*", "&#42;")


def _literal(text: str, language: str) -> nodes.literal_block:
    block = nodes.literal_block(text, text, classes=["wrapped"])
    block["language"] = language
    return block


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("judge", JudgeFiles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
