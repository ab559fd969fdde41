"""The values of an `enum` that a text mentions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from janus_platform.services.inference.local.extraction import Extraction
from janus_platform.services.inference.local.stemming import stem, words
from janus_platform.services.inference.schema import SchemaNode
from janus_platform.services.inference.schema_check import fits

_SIGNS = {"celsius": "°c", "fahrenheit": "°f"}


class EnumValues:
    """The values of the enums of one schema, each worked out once: an array may choose a thousand times.

    An enum is known by its tuple of values, which a copy of its node with another title shares.
    """

    def __init__(self, extraction: Extraction) -> None:
        self._extraction = extraction
        self._valid: dict[int, list[Any]] = {}
        self._mentioned: dict[int, list[Any]] = {}

    def valid(self, node: SchemaNode) -> list[Any]:
        """The values that fit the rest of their node."""
        key = id(node.enum)
        if key not in self._valid:
            rest = replace(node, enum=None)
            self._valid[key] = [value for value in node.enum or () if fits(rest, value)]
        return self._valid[key]

    def mentioned(self, node: SchemaNode) -> list[Any]:
        """The valid values that the text mentions, in the order of the text."""
        key = id(node.enum)
        if key not in self._mentioned:
            positions = [(self._position(value), value) for value in self.valid(node)]
            mentioned = sorted((pair for pair in positions if pair[0] >= 0), key=lambda pair: pair[0])
            self._mentioned[key] = [value for _, value in mentioned]
        return self._mentioned[key]

    def _position(self, value: Any) -> int:
        """Where the text mentions the value; -1 where it does not."""
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return -1
        spelt = " ".join(stem(word) for word in words(str(value).replace("_", " ").replace("-", " ")))
        position = self._extraction.stemmed_text.find(f" {spelt} ") if spelt else -1
        sign = _SIGNS.get(str(value).casefold())
        return self._extraction.lowered.find(sign) if position < 0 and sign else position
