"""The figure *Ranking*: counts and cosines of a few queries over the bundled pages, and the order of the service.

`python -m tests.benchmarks.ranking --keep book/ranking.json` counts them.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).resolve().parents[1] / "ranking.json"
# SQLite's FTS5 has these two built in (https://www.sqlite.org/fts5.html, section 5.1.1); the search service goes by
# words alone.
DEFAULTS = {"k1": 1.2, "b": 0.75, "meaning": 0.0}


def data() -> dict[str, Any]:
    """The recorded counts, and the constants that the search service ranks with."""
    return {**json.loads(RECORDED.read_text("utf-8")), "defaults": DEFAULTS}


def still() -> str:
    """Each query with the page that is nearest in meaning, for who cannot move anything."""
    rows = "".join(
        f'<tr><th scope="row">{escape(one["query"])}</th><td>{escape(_nearest(one))}</td></tr>'
        for one in data()["queries"]
    )
    return (
        '<table class="table"><thead><tr><th scope="col">question</th><th scope="col">nearest in meaning</th></tr>'
        "</thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _nearest(query: dict[str, Any]) -> str:
    return str(max(query["pages"], key=lambda page: page["cosine"])["title"])
