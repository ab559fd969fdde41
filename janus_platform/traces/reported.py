"""A client's own span: made where the client runs, reported to the platform once it has ended.

The client sends `traceparent` with its request, so that everything behind it belongs to its trace; its span closes the
picture: what the user waited for. What is reported is checked like anything from outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

NAME = "client"
MAX_EVENTS = 64
MAX_NANOSECONDS = 24 * 3_600 * 10**9
_SCOPE = InstrumentationScope("janus_platform.client")
_TRACE_ID, _SPAN_ID = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELDS = {"trace_id", "span_id", "start_ns", "end_ns", "failed", "events"}


def reported_span(body: Mapping[str, Any], resource: Any) -> ReadableSpan:
    """The span that a client reports; `events` are pairs of name and nanoseconds. Raises ValueError with the rule."""
    if unknown := sorted(set(body) - _FIELDS):
        raise ValueError(f"A client's span has no {', '.join(unknown)}. It has {', '.join(sorted(_FIELDS))}.")
    start, end = _time(body, "start_ns"), _time(body, "end_ns")
    if not 0 <= end - start <= MAX_NANOSECONDS:
        raise ValueError("A span ends after it begins, and within a day.")
    failed = body.get("failed", False)
    if not isinstance(failed, bool):
        raise ValueError("failed is true or false.")
    return ReadableSpan(
        NAME,
        SpanContext(_id(body, "trace_id", _TRACE_ID), _id(body, "span_id", _SPAN_ID), False, TraceFlags(1)),
        resource=resource,
        events=_events(body.get("events", []), start, end),
        kind=SpanKind.CLIENT,
        instrumentation_scope=_SCOPE,
        status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
        start_time=start,
        end_time=end,
    )


def _time(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise ValueError(f"{name} is a number of nanoseconds since the epoch.")
    return value


def _id(body: Mapping[str, Any], name: str, form: re.Pattern[str]) -> int:
    value = body.get(name)
    if not isinstance(value, str) or not form.fullmatch(value) or not int(value, 16):
        raise ValueError(f"{name} is {form.pattern}, and not all zeros (W3C Trace Context, section 3.2.2).")
    return int(value, 16)


def _events(raw: Any, start: int, end: int) -> list[Event]:
    if not isinstance(raw, list) or len(raw) > MAX_EVENTS:
        raise ValueError(f"events is a list of at most {MAX_EVENTS}.")
    events = []
    for pair in raw:
        match pair:
            case [str(name), int(at)] if _EVENT.fullmatch(name) and not isinstance(at, bool) and start <= at <= end:
                events.append(Event(name, {}, at))
            case _:
                raise ValueError("An event is a pair of a lower-case name and nanoseconds within the span.")
    return events
