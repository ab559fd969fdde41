"""Site settings that come from elsewhere than `_config.yml`: the repository's address, and what must not load.

- Launch buttons and repository links read `repository` of contract.toml, so nothing else types it.
- A page in Markdown cannot be opened by Colab or as a notebook by Binder: only notebooks get launch buttons.
- sphinx_thebe comes with Jupyter Book and logs an error on every page that it is not configured for: its listeners go.
- The address without a page leads to the first page; what Sphinx would write there has neither language nor title.
- Figures have captions and no numbers.
- `make links` asks no host of the platform, and runs no notebook.
- `make book` runs the notebooks side by side beforehand: their outputs come from the cache that it names.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from moved_pages import handing_on
from sphinx.application import Sphinx
from sphinx.config import Config

from janus_platform.contract import load_contract

# It is the first extension to be loaded; others import tools/.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def use_repository(app: Sphinx, config: Config) -> None:
    """Give the theme the repository's address and the two places that can run a notebook, once the address is real."""
    if not load_contract().is_published:
        return
    config.html_theme_options.update(
        {
            "repository_url": load_contract().repository,
            "repository_branch": "main",
            "path_to_docs": "",
            "use_repository_button": True,
            "launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "notebook_interface": "jupyterlab",
            },
        }
    )


def use_executed(app: Sphinx, config: Config) -> None:
    """Take the notebooks' outputs from the cache that `make book` filled for this build; `none`: run nothing."""
    cache = os.environ.get("JANUS_BOOK_EXECUTED")
    if cache == "none":
        config.nb_execution_mode = "off"
    elif cache:
        config.nb_execution_mode = "cache"
        config.nb_execution_cache_path = cache


def ignore_own_hosts(app: Sphinx, config: Config) -> None:
    """Leave the platform's hosts out of `make links`, and the repository while its address names no owner."""
    own = [rf"https://{re.escape(host)}(/|$)" for host in load_contract().egress.allowed_hosts]
    config.linkcheck_ignore = [*config.linkcheck_ignore, *own, r"https://github\.com/OWNER/"]


def leave_figures_unnumbered(app: Sphinx, config: Config) -> None:
    """Undo what sphinx_jupyterbook_latex sets: no page refers to a figure by number."""
    config.numfig = False


def launch_notebooks_only(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the launch buttons from a page whose source is no notebook."""
    if doctree is not None and Path(app.env.doc2path(pagename)).suffix != ".ipynb":
        buttons = context.get("header_buttons", [])
        buttons[:] = [button for button in buttons if button.get("label") != "launch-buttons"]


def remove_thebe(app: Sphinx, config: Config) -> None:
    """Disconnect every listener of sphinx_thebe, and its style sheet, which a listener would have copied."""
    app.registry.css_files[:] = [(name, more) for name, more in app.registry.css_files if name != "sphinx-thebe.css"]
    for listeners in app.events.listeners.values():
        listeners[:] = [each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")]


def write_entry(app: Sphinx, exception: Exception | None) -> None:
    """Write index.html: a page that hands on to the book's first."""
    if exception or app.builder.format != "html" or app.config.root_doc == "index":
        return
    first = f"{app.config.root_doc}.html"
    entry = handing_on(app.config.html_title, first, what="the first page", link="Go to the first page")
    (Path(app.outdir) / "index.html").write_text(entry, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects them."""
    # Before sphinx_external_toc, which writes an index.html where there is none.
    app.connect("build-finished", write_entry, priority=100)
    app.connect("config-inited", leave_figures_unnumbered, priority=900)
    app.connect("config-inited", use_repository)
    app.connect("config-inited", use_executed)
    app.connect("config-inited", ignore_own_hosts)
    app.connect("config-inited", remove_thebe)
    app.connect("html-page-context", launch_notebooks_only, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
