"""Facts of the contract that somebody typed into prose: hosts, model names, and digits beside a unit.

A page of `book/` may not type what a role can say, nor a notebook or README what a mark can (marked_facts.py). Only
what the contract has is found: a page may say how long anything else takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from facts import as_prose, prose_paragraphs

from janus_platform.conformance.fields import leaves
from janus_platform.contract import Contract

_NUMBER = r"(?<![\w.,/-])(\d+(?:,\d{3})*(?:\.\d+)?)"
_RATE = re.compile(rf"{_NUMBER}\s*(\w+)?\s*(?:/|per|an?|each|every)\s*(second|minute|min|hour|s|h)\b", re.I)
_SIZE = re.compile(rf"{_NUMBER}[ \u00a0-]?(kB|MB|GB)\b(?!/)", re.I)
# Only a time that reads as a limit.
_TIME = re.compile(
    rf"\b(?:up to|at most|within|(?:no )?(?:longer|more) than|after|for|limit|timeout|maximum)(?: is| of|:)? "
    rf"{_NUMBER}[ \u00a0]?(second|minute|min|hour|s|h)s?\b",
    re.I,
)
_BYTES = {"k": 10**3, "m": 10**6, "g": 10**9}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class TypedFact:
    """A fact typed by hand: where, what was typed, and which role says the same."""

    line: int
    text: str
    role: str


def typed_facts(text: str, contract: Contract) -> list[TypedFact]:
    """The contract's facts typed into Markdown prose, outside code blocks, roles and marks."""
    patterns = list(_patterns(contract))
    return [
        TypedFact(part.line_at(match.start()), match[0], role)
        for part in prose_paragraphs(text)
        for match, role in (
            *((match, role) for pattern, role in patterns for match in pattern.finditer(part.text)),
            *_measures(part.text, contract),
        )
    ]


def _patterns(contract: Contract) -> Iterator[tuple[re.Pattern[str], str]]:
    """Hosts, model names that no word could be, and weights beside their category's name, each with its role."""
    for name, service in contract.services.items():
        yield re.compile(rf"(?<![\w.-]){re.escape(service.host)}(?![\w-]|\.\w)"), f"{{host}}`{name}`"
    for model in contract.inference.models:
        if any(letter.isdigit() for letter in model.name):
            role = f"{{fact}}`services.inference.models.{model.name}.name`"
            yield re.compile(rf"(?<![\w./-]){re.escape(model.name)}(?![\w/-])"), role
    for name, weight in contract.bench.weights.items():
        share = as_prose(weight, f"weights.{name}").rstrip("%").strip()
        role = f"{{fact}}`bench.weights.{name}`"
        yield re.compile(rf"\b{name}\b(?!-)[^.;|]{{0,20}}?(?<![\d.]){share}[ \u00a0]?%", re.I), role


def _measures(text: str, contract: Contract) -> Iterator[tuple[re.Match[str], str]]:
    """Rates, sizes and limiting times of the contract in a paragraph, each with the roles that say the same."""
    limits = {name: service.rate_limit for name, service in contract.services.items()}
    rates = {(limit.requests, limit.per_seconds): name for name, limit in limits.items() if limit}
    for match in _RATE.finditer(text):
        if service := rates.get((round(_value(match)), _SECONDS[match[3][0].lower()])):
            yield match, f"{{fact}}`services.{service}.rate_limit`"
    for pattern, suffix, units in ((_SIZE, "_bytes", _BYTES), (_TIME, "_seconds", _SECONDS)):
        values = [(path, value) for path, value in leaves(contract).items() if path.endswith(suffix)]
        for match in pattern.finditer(text):
            value = round(_value(match) * units[match[2][0].lower()])
            paths = [path for path, stated in values if stated == value and ".upstream." not in path]
            if paths:
                yield match, " or ".join(f"{{fact}}`{path}`" for path in paths[:3])


def _value(match: re.Match[str]) -> float:
    return float(match[1].replace(",", ""))
