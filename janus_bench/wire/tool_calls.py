"""Tool calls, put together from the pieces of a stream as the official clients do, and what is wrong with a piece.

A piece belongs to the call of its `index`. Where a server leaves that out, a new `id` begins a call and a piece without
one continues the last; where it gives a second `id` to an index, that is another call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class StreamedCalls:
    """Grows the calls of one answer; `violation` is told each broken rule by name."""

    def __init__(self, violation: Callable[[str], None]) -> None:
        self._calls: list[dict[str, str]] = []
        self._of_index: dict[int, int] = {}  # index on the wire → place in _calls
        self._order: list[int] = []
        self._ids: list[str] = []
        self._violation = violation

    def add(self, piece: dict[str, Any]) -> str:
        """Take one piece; returns the text that it adds to the call."""
        call = self._calls[self._position(piece)]
        function = piece.get("function")
        if not isinstance(function, dict):
            if function is not None:
                self._violation("tool_call_without_function")
            return ""
        added = ""
        for name in ("name", "arguments"):
            text = self._text(function.get(name))
            call[name] += text
            added += text
        return added

    def all(self) -> list[dict[str, str]]:
        """Every call, in the order of its index."""
        return [
            self._calls[position]
            for position in sorted(range(len(self._calls)), key=lambda position: self._order[position])
        ]

    def _position(self, piece: dict[str, Any]) -> int:
        index, name = piece.get("index"), piece.get("id")
        name = name if isinstance(name, str) else ""
        if not isinstance(index, int) or isinstance(index, bool):
            self._violation("tool_call_without_index")
            known = self._ids.index(name) if name and name in self._ids else None
            if known is not None:
                return known
            if self._calls and not name:
                return len(self._calls) - 1
            return self._begin(max(self._order, default=-1) + 1, name)
        position = self._of_index.get(index)
        if position is None:
            return self._begin(index, name)
        if name and self._ids[position] and name != self._ids[position]:
            self._violation("tool_call_index_reused")
            return self._begin(index, name)
        self._ids[position] = self._ids[position] or name
        return position

    def _begin(self, index: int, name: str) -> int:
        self._calls.append({"name": "", "arguments": ""})
        self._ids.append(name)
        self._order.append(index)
        self._of_index[index] = len(self._calls) - 1
        return len(self._calls) - 1

    def _text(self, value: Any) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        self._violation("tool_call_not_text")
        return json.dumps(value) if isinstance(value, dict | list) else str(value)
