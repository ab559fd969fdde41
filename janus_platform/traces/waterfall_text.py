"""A trace as text: one line a span, a bar for its time, and below it the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_platform.traces.view import Span, Trace

COLUMNS = 48


def draw(trace: Trace) -> str:
    """The waterfall, COLUMNS characters wide between labels and durations."""
    rows = [*trace.spans, *trace.unattributed]
    width = max(len(_label(span)) for span in rows) + 2
    scale = COLUMNS / max(max(span.end_ms for span in rows), 1e-9)
    lines = [f"trace {trace.trace_id}  {trace.duration_ms:.1f} ms"]
    lines += [f"{_label(span):<{width}}{_bar(span, scale)} {span.outcome:>10}" for span in rows]
    if trace.tokens_ms:
        lines.append(f"{'chunks':<{width}}{_ticks(trace.tokens_ms, scale)}")
    return "\n".join([*lines, *trace.figures()])


def _label(span: Span) -> str:
    return "  " * span.depth + span.label


def _bar(span: Span, scale: float) -> str:
    # A call that may belong to another request can have begun before this one.
    begin = min(max(0, int(span.start_ms * scale)), COLUMNS - 1)
    length = min(max(1, round(span.duration_ms * scale)), COLUMNS - begin)
    return f"{' ' * begin}{'█' * length:<{COLUMNS - begin}}"


def _ticks(times: list[float], scale: float) -> str:
    places = {min(int(at * scale), COLUMNS - 1) for at in times}
    return "".join("·" if column in places else " " for column in range(COLUMNS)).rstrip()
