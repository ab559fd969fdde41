"""A page loads what it uses: scripts and styles that would find nothing to do on it are left out, and files that no
page uses are removed from the output.

Measured with the theme's defaults: 700 KB gzipped a page before its own text, of which fontawesome.js is 542 KB.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from icons import DRAWINGS, write_icons
from interactives import INTERACTIVES
from sphinx.application import Sphinx

# Part of an asset's name (or of an inline script) → what in a page's body needs it.
NEEDED_BY = {
    "togglebutton": r'class="[^"]*\b(?:toggle|dropdown)\b',
    "toggleHint": r'class="[^"]*\b(?:toggle|dropdown)\b',
    "toggleOpenOnPrint": r'class="[^"]*\b(?:toggle|dropdown)\b',
    "design-tabs": r'class="[^"]*\bsd-tab',
    "sphinx-design": r'class="[^"]*\bsd-',
    "clipboard": r'class="highlight',
    "copybutton": r'class="highlight',
    "mystnb": r'class="cell',
    "interactive/interactive": r'class="interactive',
    **{f"interactive/{name}": rf'data-interactive="{name}"' for name in INTERACTIVES},
    "search_as_you_type": r"^$",
}
# Nothing loads these: fontawesome.js gave its drawings to icons.css, and icons.css takes the place of the fonts.
UNUSED = (
    str(DRAWINGS),
    f"{DRAWINGS}.LICENSE.txt",
    "_static/vendor",
    "_static/locales",
    "_static/scripts/*.map",
    "_static/styles/*.map",
    "_static/webpack-macros.html",
    "_static/sbt-webpack-macros.html",
)


def is_needed(asset: Any, body: str) -> bool:
    """True unless the asset is one that acts on elements of which this page has none."""
    name = str(getattr(asset, "filename", None) or "")
    inline = str(getattr(asset, "attributes", {}).get("body") or "")
    return all(
        re.search(marker, body) for part, marker in NEEDED_BY.items() if part in name or (not name and part in inline)
    )


def leave_out(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take from the page's lists what it does not need."""
    body = context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if is_needed(asset, body)]


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Write the icons, then remove the files that no page loads."""
    if exception or app.builder.format != "html":
        return
    write_icons(app, exception)
    out = Path(app.outdir)
    for pattern in UNUSED:
        for path in out.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects both; the first runs after every extension has said what it would load."""
    app.connect("html-page-context", leave_out, priority=900)
    app.connect("build-finished", remove_unused)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
