"""Site settings that come from elsewhere than `_config.yml`: the repository's address, and what must not load.

- Launch buttons and repository links read `repository` of contract.toml, so nothing else types it.
- sphinx_thebe comes with Jupyter Book and logs an error on every page that it is not configured for: its listeners go.
- MathJax would come from another host. A page with a formula is therefore an error that says what to do.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from janus_platform.contract import load_contract

logger = logging.getLogger(__name__)


def use_repository(app: Sphinx, config: Config) -> None:
    """Give the theme the repository's address and the two places that can run a notebook."""
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


def remove_thebe(app: Sphinx, config: Config) -> None:
    """Disconnect every listener of sphinx_thebe, and its style sheet, which a listener would have copied."""
    app.registry.css_files[:] = [(name, more) for name, more in app.registry.css_files if name != "sphinx-thebe.css"]
    for listeners in app.events.listeners.values():
        listeners[:] = [each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")]


def refuse_math(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of formulas: no MathJax is shipped, so they would show as source."""
    for formula in doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block))):
        logger.warning(
            "A formula needs MathJax, which this book does not ship yet. Write it as code, or vendor MathJax locally.",
            location=formula,
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects the three."""
    app.connect("config-inited", use_repository)
    app.connect("config-inited", remove_thebe)
    app.connect("doctree-resolved", refuse_math)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
