"""What is new, changed or deprecated in the contract: beside its field, on a page of its own, and as a banner.

    {since}`services.search.rate_limit`     New in …, Changed in …, Deprecated since …
    ```{changes}                            every version, newest first

Every page says at its top which version of the contract it was built from.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from facts import FactError, look_up
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from janus_platform.contract import CONTRACT_FILE, Contract, load_contract
from janus_platform.contract.changes import parts

CHANGES_PAGE = "book/what_changed"


class Since(SphinxRole):
    """{since}`path`: the marks of a field, in small type."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """One inline node; a path that names nothing is an error at this line."""
        contract = load_contract()
        try:
            look_up(contract, self.text)
        except FactError as error:
            report = self.inliner.reporter.error(f"{{since}}`{self.text}`: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, report)], [report]
        text = " ".join(marks(contract, self.text))
        return [nodes.inline(text, text, classes=["since"])], []


class Changes(SphinxDirective):
    """```{changes}```: one section a version, newest first."""

    def run(self) -> list[nodes.Node]:
        """The sections, written from `since` and `[[changes]]`."""
        self.env.note_dependency(str(CONTRACT_FILE))
        return self.parse_text_to_nodes(history(load_contract()), allow_section_headings=True)


def marks(contract: Contract, path: str) -> list[str]:
    """The marks of the field at `path`: since when it is there where it says so, then each change to it in order."""
    try:
        since = getattr(look_up(contract, path), "since", None)
    except FactError:
        since = None
    new = [f"New in {since}."] if since and parts(since) > (0,) else []
    changed = sorted((c for c in contract.changes if c.field == path), key=lambda change: parts(change.version))
    return new + [change.mark() for change in changed]


def history(contract: Contract) -> str:
    """Markdown: for each version, newest first, what is new, changed, deprecated and removed."""
    versions = {change.version: change.dated for change in contract.changes} | {contract.version: contract.dated}
    for _, since in additions(contract):
        versions.setdefault(since, contract.dated)
    return "\n\n".join(_version(contract, version, versions) for version in sorted(versions, key=parts, reverse=True))


def _version(contract: Contract, version: str, dates: dict[str, Any]) -> str:
    lines = [f"## Contract {version}", f"Dated {dates[version]}."]
    titles = (("changed", "Changed"), ("deprecated", "Deprecated"), ("removed", "Removed"))
    for kind, title in titles:
        if found := [c for c in contract.changes if (c.version, c.kind) == (version, kind)]:
            lines.append(f"**{title}**")
            lines.append("\n".join(f"- `{c.field}`: {c.summary}" + _before(c.before) for c in found))
    if new := [path for path, since in additions(contract) if since == version]:
        lines.append("**New**")
        lines.append("\n".join(f"- {each}" for each in grouped(new)))
    return "\n\n".join(lines)


def _before(value: str) -> str:
    return f" Before: {value}." if value else ""


def additions(contract: Contract) -> Iterator[tuple[str, str]]:
    """Each field that says since when it is there, with that version."""
    for name in contract.__struct_fields__:
        if since := getattr(getattr(contract, name), "since", None):
            yield name, since
    for name, service in contract.services.items():
        where = f"services.{name}"
        yield where, service.since
        for group in ("extra_parameters", "extra_response_fields"):
            yield from (
                (f"{where}.{group}.{each.name}", each.since or service.since) for each in getattr(service, group)
            )
        yield from ((f"{where}.extra_endpoints.{each.path}", each.since) for each in service.extra_endpoints)


def grouped(paths: list[str]) -> Iterator[str]:
    """One line for each table, with the members that are new in it."""
    found: dict[str, list[str]] = {}
    for path in paths:
        parent, sign, last = path.rpartition(".")
        if ".extra_endpoints./" in path:
            parent, _, last = path.partition(".extra_endpoints.")
            parent += ".extra_endpoints"
        elif parent == "services" or not sign:
            parent, last = "", path
        found.setdefault(parent, []).append(last)
    for parent, members in found.items():
        listed = ", ".join(f"`{each}`" for each in members)
        yield f"`{parent}`: {listed}" if parent else listed


def banner(contract: Contract, link: str) -> str:
    """The line at the top of a page, as HTML."""
    words = f"Contract {html.escape(contract.version)}, {contract.dated}"
    newest = [c for c in contract.changes if c.version == contract.version]
    told = f": {len(newest)} {'change' if len(newest) == 1 else 'changes'}" if newest else ""
    return f'<p class="contract-banner">{words}{told} · <a href="{html.escape(link)}">What changed</a></p>\n'


def add_banner(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the banner above a page's text; pages that Sphinx makes itself have none."""
    if doctree is not None and "body" in context and CHANGES_PAGE in app.env.all_docs:
        link = app.builder.get_relative_uri(pagename, CHANGES_PAGE)
        context["body"] = banner(load_contract(), link) + context["body"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers role, directive and banner."""
    app.add_role("since", Since())
    app.add_directive("changes", Changes)
    app.connect("html-page-context", add_banner)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
