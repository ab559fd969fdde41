"""Roles and checks that keep the contract's facts in one place.

    {fact}`services.search.rate_limit`          20 requests/minute
    {fact}`bench.weights.quality`               40 %
    {host}`search`                              the service's host, as code
    {url}`search`                               the full address of its endpoint, as code

A path that names nothing fails the build, and so does a page that types one of these facts itself. Roles do not run in
JupyterLab: a notebook has its facts between marks (marked_facts.py), which `make facts` fills in.
The directive ```{contract}``` (contract_table.py) writes the whole contract as tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contract_table import ContractTables
from docutils import nodes
from facts import FactError, as_prose, look_up
from marked_facts import trouble_in
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from typed_commands import wrong_commands
from typed_facts import TypedFact, typed_facts

from janus_platform.contract import CONTRACT_FILE, load_contract

logger = logging.getLogger(__name__)


class Fact(SphinxRole):
    """{fact}`path`: the value at a path of the contract, with its unit."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """One text node; an unknown path is an error at this line."""
        try:
            return [nodes.Text(as_prose(look_up(load_contract(), self.text), self.text))], []
        except FactError as error:
            return _failure(self, str(error))


class ServiceAddress(SphinxRole):
    """{host}`name` and {url}`name`: a service's host, or the address of its endpoint, as code."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """One literal node; an unknown service is an error at this line."""
        services = load_contract().services
        if self.text not in services:
            return _failure(self, f"no service {self.text!r}; the services are {', '.join(services)}")
        service = services[self.text]
        address = service.host if self.name == "host" else service.url
        return [nodes.literal(address, address, classes=["address"])], []


def check_prose(app: Sphinx, docname: str, source: list[str]) -> None:
    """Warn, with file and line or cell, of every fact that a page types itself (`-W` makes it an error)."""
    contract = load_contract()
    app.env.note_dependency(str(CONTRACT_FILE))
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        _warn(typed_facts(source[0], contract), docname)
        _warn_of_commands(source[0], docname)
        return
    for cell in json.loads(source[0])["cells"]:
        if cell["cell_type"] == "markdown":
            text, where = "".join(cell["source"]), f" (cell {cell.get('id')})"
            _warn(trouble_in(text, contract), docname, where)
            _warn_of_commands(text, docname, where)


def _warn_of_commands(text: str, docname: str, cell: str = "") -> None:
    for command in wrong_commands(text):
        message = f"`{command}`{cell} is no command of this version: `janus --help` and `janus-bench --help` list them."
        logger.warning(message, location=docname, type="contract", subtype="command")


def _warn(found: Iterable[TypedFact], docname: str, cell: str = "") -> None:
    for fact in found:
        message = f"{fact.text!r}{cell} is typed by hand. Write {fact.role}, so that it follows contract.toml."
        logger.warning(message, location=(docname, fact.line), type="contract", subtype="typed")


def _failure(role: SphinxRole, message: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    report = role.inliner.reporter.error(f"{{{role.name}}}`{role.text}`: {message}", line=role.lineno)
    return [role.inliner.problematic(role.rawtext, role.rawtext, report)], [report]


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the roles, the directive and the check."""
    app.add_role("fact", Fact())
    app.add_role("host", ServiceAddress())
    app.add_role("url", ServiceAddress())
    app.add_directive("contract", ContractTables)
    app.connect("source-read", check_prose)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
