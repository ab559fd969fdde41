"""The directive ```{executions}```: when each notebook ran for this build, for how long, with which contract and lock.

The figures are those that MyST-NB keeps of each execution. The lock is the SHA-256 of requirements.txt, which pins
every package: two builds with one lock ran the same code.
"""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from janus_platform.contract import load_contract

LOCK = "requirements.txt"
LOCK_DIGITS = 16


class Execution(NamedTuple):
    """One notebook's run: its page, when it ended (UTC) and the seconds it took."""

    page: str
    ended: datetime
    seconds: float


class executions(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """Stands where the tables come, until every notebook has run."""


class Executions(SphinxDirective):
    """Leaves the placeholder."""

    def run(self) -> list[nodes.Node]:
        """One placeholder."""
        return [executions()]


class WriteExecutions(SphinxPostTransform):
    """Puts both tables in the placeholder's place: what the build ran with, then the notebooks."""

    default_priority = 8

    def run(self, **more: Any) -> None:
        """Replace each placeholder."""
        for node in list(self.document.findall(executions)):
            ran = executions_of(NbMetadataCollector.get_doc_data(self.env))
            order = {page: place for place, page in enumerate(self.env.toctree_includes.get(self.config.root_doc, []))}
            ran.sort(key=lambda run: (order.get(run.page, len(order)), run.page))
            lock = lock_hash(Path(self.env.srcdir) / LOCK)
            node.replace_self([build_table(lock), self._notebooks(ran)])

    def _notebooks(self, ran: list[Execution]) -> nodes.table:
        rows = [
            [self._link(run.page), _text(f"{run.ended:%Y-%m-%d %H:%M}"), _text(f"{run.seconds:.1f}")] for run in ran
        ]
        total = sum(run.seconds for run in ran)
        rows.append([_text(f"{len(ran)} pages"), _text(""), _text(f"{total:.1f}")])
        return table(["Page", "Ran (UTC)", "Seconds"], rows)

    def _link(self, page: str) -> nodes.Node:
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        title = self.env.titles[page].astext() if page in self.env.titles else page
        return nodes.reference("", title, internal=True, refuri=address)


def executions_of(pages: dict[str, dict[str, Any]]) -> list[Execution]:
    """The runs that MyST-NB noted. A page without code has none."""
    noted = {page: data["exec_data"] for page, data in pages.items() if data.get("exec_data")}
    return [
        Execution(page, datetime.fromtimestamp(run["mtime"], UTC), run["runtime"] or 0.0) for page, run in noted.items()
    ]


def lock_hash(lock: Path) -> str:
    """The first digits of the lock file's SHA-256; "none" where a book has no lock."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:LOCK_DIGITS] if lock.is_file() else "none"


def build_table(lock: str) -> nodes.table:
    """What the build ran with."""
    contract = load_contract()
    facts = [
        ("Contract", f"{contract.version} of {contract.dated:%Y-%m-%d}"),
        ("Lock", f"{LOCK}, SHA-256 {lock}…"),
        ("Python", platform.python_version()),
        ("System", f"{platform.system()} {platform.machine()}"),
    ]
    return table(["Built with", "Version"], [[_text(name), _text(value)] for name, value in facts])


def table(head: list[str], rows: list[list[nodes.Node]]) -> nodes.table:
    """A table of one header row."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row([_text(name) for name in head]))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def _text(words: str) -> nodes.Text:
    return nodes.Text(words)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive and what fills it in."""
    app.add_node(executions)
    app.add_directive("executions", Executions)
    app.add_post_transform(WriteExecutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
