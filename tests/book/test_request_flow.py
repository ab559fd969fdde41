"""The pages of the request flow follow one request: they show one trace id."""

from __future__ import annotations

import re
from pathlib import Path

PAGES = ("user_request", "gateway_routing", "tee_execution", "service_calls", "response_streaming", "user_receives")


def test_all_six_pages_show_the_trace_id_of_the_same_request(built_book: Path) -> None:
    shown = {
        page: set(re.findall(r"\b[0-9a-f]{32}\b", (built_book / "notebooks" / f"{page}.html").read_text("utf-8")))
        for page in PAGES
    }
    assert all(shown.values()), shown
    assert len(set.intersection(*shown.values())) == 1, shown
