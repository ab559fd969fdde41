"""`GET /v1/traces/{request id}`: the trace of an answer, for whoever got that answer.

Only ids that this gateway made find anything: 96 random bits in a response header are known to nobody else, while a
trace id may come from another program and a completion id from an implementation. Names, times and outcomes go out;
callers and whatever else a span may carry stay inside.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from janus_platform.gateway.errors import ResponseError
from janus_platform.traces.store import TraceStore

_MADE_HERE = re.compile(r"req_[0-9a-f]{24}")
_SHOWN = {
    "http.response.status_code",
    "janus.attached",
    "janus.error",
    "janus.implementation",
    "janus.sandbox.exit_code",
    "janus.sandbox.language",
    "janus.stream",
}


def new_request_id() -> str:
    """An id that nobody can guess."""
    return f"req_{secrets.token_hex(12)}"


def public_trace(store: TraceStore, request_id: str) -> dict[str, Any]:
    """The trace as `trace.schema.json` describes it, without what must not be shown. Raises ResponseError 404."""
    trace = store.get(request_id) if _MADE_HERE.fullmatch(request_id) else None
    if trace is None:
        message = (
            "There is no trace of this request here. Use the x-request-id of an answer that this gateway named itself; "
            "it keeps the latest traces only."
        )
        raise ResponseError(404, message, code="trace_not_found")
    return {**trace, **{key: [_shown(span) for span in trace[key]] for key in ("spans", "unattributed")}}


def _shown(span: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in span["attributes"].items() if name in _SHOWN}
    events = [{**event, "attributes": {}} for event in span["events"]]
    return {**span, "attributes": attributes, "events": events}
