"""The figure *A request on its way*: the drawing of the platform, and one recorded request to play over it.

`python -m tests.benchmarks.request --keep book/request.json` records it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from janus_platform.drawing import drawing, upright, wide

RECORDED = Path(__file__).resolve().parents[1] / "request.json"


def data() -> dict[str, Any]:
    """The question, the pieces of the answer and the spans, with milliseconds since it was sent."""
    recorded: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return recorded


def still() -> str:
    """Both drawings; their boxes lead to a page only from the drawing itself, so that keys go past them here."""
    return drawing(wide(), "wide") + drawing(upright(), "narrow")
