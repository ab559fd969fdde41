"""Lints every sentence that a reader sees: proselint's checks, and the house's own rules in `prose_rules.toml`.

Read are the book's Markdown, the notebooks' Markdown cells, README and CONTRIBUTING, and of each exercise its task and
its hints. Code, roles, addresses and marked facts are not prose. `python -m tools.prose` prints one line for each
finding, with the rule's reason, and ends with 1 where there is one; `make lint` runs it.

It finds habits, not bad style: a text without findings may still need a reader.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from proselint.checks import __register__ as proselint_checks
from proselint.registry.checks import Check

from tools.environment import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))  # where Sphinx finds it too
from facts import prose_paragraphs

RULES = ROOT / "tools" / "prose_rules.toml"
_NOT_PROSE = re.compile(r"`[^`]*`|\]\([^)]*\)|https?://\S+|\$[^$]+\$")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Text:
    """One text of the project: where it is, and its Markdown. `first_line` is its first line in that file, from 1."""

    where: str
    markdown: str
    first_line: int = 1


@dataclass(frozen=True)
class Finding:
    """One phrase that a rule names: `line` counts from 1 in the file, or in the notebook's cell."""

    where: str
    line: int
    phrase: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: “{self.phrase}”: {self.why}"


@dataclass(frozen=True)
class _HouseRule:
    pattern: re.Pattern[str]
    why: str


class Linter:
    """The rules, read once. `findings` looks at one text."""

    def __init__(self, rules: Path = RULES) -> None:
        read = tomllib.loads(rules.read_text(encoding="utf-8"))
        self._off = {entry["check"]: entry["reason"] for entry in read["off"]}
        self._house = [
            _HouseRule(re.compile(rule["pattern"], re.I), f"{rule['say']} ({rule['reason']})") for rule in read["rule"]
        ]
        self._allowed = [re.compile(entry["pattern"], re.I) for entry in read["allowed"]]
        self._checks: list[Check] = [check for check in proselint_checks if not self._is_off(check)]

    def _is_off(self, check: Check) -> bool:
        return any(check.matches_partial(name) for name in self._off)

    def findings(self, text: Text) -> Iterator[Finding]:
        """What the rules name in the prose of a text, in its order."""
        for part in prose_paragraphs(text.markdown):
            shown = _without_code(part.text)
            hits = [(rule.why, *match.span()) for rule in self._house for match in rule.pattern.finditer(shown)]
            # proselint reads texts that begin and end with a new line.
            for check in self._checks:
                for hit in check.check_with_flags(f"\n{shown}\n"):
                    hits.append((f"{hit.message} ({check.path} of proselint)", hit.span[0] - 1, hit.span[1] - 1))
            for why, start, end in sorted(hits, key=lambda hit: hit[1:]):
                start, end = max(start, 0), min(end, len(shown))
                if not any(allowed.search(shown, max(0, start - 20), end + 20) for allowed in self._allowed):
                    line = text.first_line - 1 + part.line_at(start)
                    yield Finding(text.where, line, shown[start:end].strip(), why)


def _without_code(text: str) -> str:
    """As long as before, so that places stay; neighbours differ, so that they do not read as a repeated word."""
    letters = cycle("bcdfg")
    shown = _NOT_PROSE.sub(lambda code: next(letters) * len(code[0]), text)
    return _TAG.sub(lambda tag: " " * len(tag[0]), shown)


def texts(root: Path = ROOT) -> Iterator[Text]:
    """Every text of the project that a reader sees."""
    pages = [*sorted((root / "book").rglob("*.md")), root / "README.md", root / "CONTRIBUTING.md"]
    for page in pages:
        yield Text(str(page.relative_to(root)), page.read_text(encoding="utf-8"))
    for notebook in sorted((root / "notebooks").glob("*.ipynb")):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield Text(f"{notebook.relative_to(root)}#{cell['id']}", "".join(cell["source"]))
    for exercise in sorted((root / "janus_book" / "exercises").glob("*/*.py")):
        yield from _of_exercise(str(exercise.relative_to(root)), exercise.read_text(encoding="utf-8"))


def _of_exercise(where: str, source: str) -> Iterator[Text]:
    """The task, which is the docstring, and each hint that the check raises."""
    tree = ast.parse(source)
    yield Text(where, ast.get_docstring(tree) or "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hint" and node.args:
            yield Text(where, _spoken(node.args[0]), node.lineno)


def _spoken(node: ast.expr) -> str:
    """The words of a string or f-string; what it fills in is code."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "`_`" for part in node.values)
    return ""


def main() -> int:
    """Print every finding; 1 where there is one."""
    linter = Linter()
    findings = [finding for text in texts() for finding in linter.findings(text)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
