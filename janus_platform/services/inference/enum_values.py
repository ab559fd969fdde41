"""Which values of an `enum` a user's words mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from janus_platform.services.inference.extraction import Told
from janus_platform.services.inference.schema import Node
from janus_platform.services.inference.schema_check import fits
from janus_platform.services.inference.stemming import stem, words

_UNITS = {"celsius": ("°c", "centigrade"), "fahrenheit": ("°f",), "metric": ("km",), "imperial": ("miles",)}


class Choices:
    """The options of the nodes of one schema, each worked out once: an array may choose a thousand times.

    Known by their `enum`, which a copy of a node with another title shares.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self._valid: dict[int, list[Any]] = {}
        self._mentioned: dict[int, list[Any]] = {}

    def valid(self, node: Node) -> list[Any]:
        """See `valid`."""
        if id(node.enum) not in self._valid:
            self._valid[id(node.enum)] = valid(node)
        return self._valid[id(node.enum)]

    def mentioned(self, node: Node) -> list[Any]:
        """See `mentioned`."""
        if id(node.enum) not in self._mentioned:
            self._mentioned[id(node.enum)] = mentioned(node, self._told)
        return self._mentioned[id(node.enum)]


def valid(node: Node) -> list[Any]:
    """The enum values that fit the rest of their node."""
    rest = replace(node, enum=None)
    return [option for option in node.enum or () if fits(rest, option)]


def mentioned(node: Node, told: Told) -> list[Any]:
    """The enum values that the words mention, in the order of the words."""
    found: list[tuple[int, Any]] = []
    for option in valid(node):
        if not isinstance(option, str | int | float) or isinstance(option, bool):
            continue
        spelt = " ".join(stem(w) for w in words(str(option).replace("_", " ").replace("-", " ")))
        at = told.spoken.find(f" {spelt} ") if spelt else -1
        aliases = [told.lowered.find(alias) for alias in _UNITS.get(str(option).casefold(), ())]
        places = [place for place in (at, *aliases) if place >= 0]
        if places:
            found.append((min(places), option))
    return [option for _, option in sorted(found, key=lambda pair: pair[0])]
