"""Information that a target gives besides answers: whether rate limits are on, and evidence of what runs there.

Both are the platform's own pages (`GET /health`, `GET /v1/implementations/<name>/evidence`); any other target has
neither, and the report says "not reported". Nothing here is ever waited for long, and nothing here fails a run.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.parse
import urllib.request
from typing import Any

from janus_bench.wire.target import Target

SECONDS = 5.0
MAX_BYTES = 262_144
NOT_REPORTED = "not reported"
_LIMITS = {"contract": "on", "on": "on", "off": "off"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other that is not the page: the key goes nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def rate_limits(target: Target) -> str:
    """Whether rate limits were on when asked: "on", "off" or "not reported"."""
    reported = (_page(target, "/health") or {}).get("limits")
    return _LIMITS.get(reported, NOT_REPORTED) if isinstance(reported, str) else NOT_REPORTED


def evidence_of(target: Target, implementation: str, nonce: str) -> dict[str, Any] | None:
    """The evidence of an implementation for a nonce of 64 hexadecimal digits; None where there is none.

    It is kept as it came: to verify it is for `janus verify` and for whoever reads the publication.
    """
    name = urllib.parse.quote(implementation, safe="")
    return _page(target, f"/v1/implementations/{name}/evidence?nonce={nonce}")


def _page(target: Target, path: str) -> dict[str, Any] | None:
    """A JSON page of the target's; None where there is none within `SECONDS`, however slowly it drips."""
    pages: list[dict[str, Any] | None] = []
    thread = threading.Thread(target=lambda: pages.append(_fetched(target, path)), daemon=True)
    thread.start()
    thread.join(SECONDS)
    return pages[0] if pages else None


def _fetched(target: Target, path: str) -> dict[str, Any] | None:
    base = re.sub(r"(?:/v1)?/chat/completions$", "", target.url)
    headers = {"Accept": "application/json", "User-Agent": "janus-bench"}
    if target.api_key:
        headers["Authorization"] = f"Bearer {target.api_key}"
    # a target is where its address says, whatever proxy the environment names
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(urllib.request.Request(base + path, headers=headers), timeout=SECONDS) as response:
            page = json.loads(response.read(MAX_BYTES + 1)[:MAX_BYTES])
    except (OSError, ValueError, http.client.HTTPException, RecursionError):
        return None
    return page if isinstance(page, dict) else None
