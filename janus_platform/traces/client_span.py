"""The span of a client: what its user waits for, from the first byte sent to the last one read.

>>> with platform.client_span() as call:
...     stream = client.chat.completions.create(..., extra_headers=call.headers)
...     answer = list(stream)
>>> platform.trace(call.trace_id)

A client that is traced by OpenTelemetry needs none of this: it sends `traceparent` by itself, and the gateway joins it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

_SAMPLED = "01"


class ClientSpan:
    """A span around what is done in its `with` block. It is reported when the block ends, whatever ended it."""

    def __init__(self, report: Callable[..., Any]) -> None:
        self._report = report
        self._events: list[tuple[str, int]] = []
        self._start = 0
        self.trace_id = secrets.token_hex(16)
        self.span_id = secrets.token_hex(8)

    @property
    def headers(self) -> dict[str, str]:
        """The header that makes a request part of this trace (W3C Trace Context, section 3.2)."""
        return {"traceparent": f"00-{self.trace_id}-{self.span_id}-{_SAMPLED}"}

    def event(self, name: str) -> None:
        """Note that something happened now; `name` is lower-case letters, digits and `_`, such as `first_byte`."""
        self._events.append((name, time.time_ns()))

    def __enter__(self) -> ClientSpan:
        self._start = time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # The wall clock may be set back in between; a span never ends before what happened in it.
        end = max([time.time_ns(), self._start, *(at for _, at in self._events)])
        self._report(
            trace_id=self.trace_id,
            span_id=self.span_id,
            start_ns=self._start,
            end_ns=end,
            failed=kind is not None,
            events=self._events,
        )
