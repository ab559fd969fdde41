"""Sizes, times, weights and models in prose: which of them the contract states, and which it contradicts.

facts.py finds hosts and rates. Here a page of `book/` may not type what a role can say, and a notebook or README, where
roles do not run, may not type anything else than the contract has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from facts import TypedFact, as_prose, prose_paragraphs
from spelled import NUMBER, value_of
from typed_counts import counted, counts_typed

from janus_platform.conformance.fields import leaves
from janus_platform.contract import Contract, Service

_SIZE = re.compile(rf"(?<![\w.,-])({NUMBER})[ \u00a0-]?(kB|MB|GB|(?:kilo|mega|giga)bytes?)\b(?!/)", re.I)
_BYTES = {"k": 10**3, "m": 10**6, "g": 10**9}
# Only what reads as a limit: a page may say how long anything else takes.
_LIMIT = (
    r"up to|at most|within|no (?:longer|more) than|(?:longer|more) than|ends? after|for|"
    r"(?:limit|timeout|maximum|max\.?)(?: is| of|:)?"
)
_TIME = re.compile(
    rf"\b(?:{_LIMIT}) ({NUMBER})[ \u00a0]?(seconds?|minutes?|hours?|s|min|h)\b"
    rf"|(?<![\w.-])({NUMBER})[ \u00a0-](second|minute|hour)s? (?=(?:limit|timeout|maximum)\b)",
    re.I,
)
_SECONDS = {"s": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}


def limits_typed(text: str, contract: Contract) -> list[TypedFact]:
    """Sizes, times, weights and models of the contract, typed into Markdown prose outside code blocks and roles."""
    sizes, times, counts = _paths(contract, "_bytes"), _paths(contract, "_seconds"), counted(contract)
    found = []
    for part in prose_paragraphs(text):
        seen = [(m, _role(sizes[_size(m)])) for m in _SIZE.finditer(part.text) if _size(m) in sizes]
        seen += [(m, _role(times[_time(m)])) for m in _TIME.finditer(part.text) if _time(m) in times]
        seen += [(match, f"{{fact}}`{path}`") for match, path in _named(part.text, contract)]
        seen += [(match, _role(paths)) for match, paths in counts_typed(part.text, counts)]
        found += [TypedFact(part.line_at(match.start()), match[0], role) for match, role in seen]
    return found


def _paths(contract: Contract, unit: str) -> dict[int, list[str]]:
    """The values of that unit, each with the paths that have it."""
    found: dict[int, list[str]] = {}
    for path, value in leaves(contract).items():
        if path.endswith(unit) and not path.startswith("services.inference.upstream"):
            found.setdefault(value, []).append(path)
    return found


def _role(paths: list[str]) -> str:
    return " or ".join(f"{{fact}}`{path}`" for path in paths[:3])


def _size(match: re.Match[str]) -> int:
    return round(value_of(match[1]) * _BYTES[match[2][0].lower()])


def _time(match: re.Match[str]) -> int:
    number, unit = match[1] or match[3], (match[2] or match[4]).lower()
    return round(value_of(number) * _SECONDS[unit.rstrip("s") or "s"])


def _named(text: str, contract: Contract) -> Iterator[tuple[re.Match[str], str]]:
    """Weights beside their category's name, and model names that no word could be."""
    for name, weight in contract.bench.weights.items():
        percent = as_prose(weight, f"weights.{name}").rstrip("%").strip()
        share = rf"{percent}[ \u00a0]?(?:%|per ?cent)"
        weighs = rf"\b{name}\b(?!-)[^.;|]{{0,20}}?(?<![\d.]){share}|(?<![\d.]){share} (?:for|of|goes to|to) {name}\b"
        yield from ((found, f"bench.weights.{name}") for found in re.finditer(weighs, text, re.I))
    for model in contract.inference.models:
        if any(letter.isdigit() for letter in model.name):
            for found in re.finditer(rf"(?<![\w./-]){re.escape(model.name)}(?![\w/-])", text):
                yield found, f"services.inference.models.{model.name}.name"


def wrong_limits(text: str, contract: Contract) -> list[str]:
    """Sizes and limiting times that contradict the one service that a paragraph names."""
    named = [s for s in contract.services.values() if s.title.lower() in text.lower() or s.host in text]
    if len(named) != 1:
        return []
    sizes, times = _of(named[0], contract, "_bytes"), _of(named[0], contract, "_seconds")
    wrong = [m[0] for m in _SIZE.finditer(text) if _limits_something(m, text) and _size(m) not in sizes]
    return wrong + [m[0] for m in _TIME.finditer(text) if _time(m) not in times]


def _of(service: Service, contract: Contract, unit: str) -> set[int]:
    where = f"services.{service.name}."
    found = {v for path, v in leaves(contract).items() if path.startswith(where) and path.endswith(unit)}
    bounds = {p.maximum for p in service.all_parameters if p.maximum is not None}
    return found | (bounds if unit == "_seconds" else set())


def _limits_something(match: re.Match[str], text: str) -> bool:
    before = text[max(0, match.start() - 30) : match.start()].lower()
    return bool(re.search(r"(up to|at most|limit( of)?|more than|over|max\w*( page size)?:?)\s*$", before))


def wrong_models(text: str, contract: Contract) -> list[str]:
    """Names that look like one of the contract's models and are none of them."""
    known = {model.name for model in contract.inference.models}
    return [
        name
        for name in re.findall(r"(?<![\w./-])(?:gpt-\d\w*(?:-\w+)?|o[1-9](?:-\w+)?)(?![\w/-]|\.\w)", text)
        if name not in known
    ]


def wrong_weights(text: str, contract: Contract) -> list[str]:
    """Percentages right beside a category's name that are not its weight, where a sentence speaks of weights."""
    if not re.search(r"\bweigh", text):
        return []
    found = []
    for name, weight in contract.bench.weights.items():
        for match in re.finditer(rf"\b{name}\b[ :]{{1,3}}\(?(\d+)[ \u00a0]?%", text, re.I):
            if int(match[1]) != round(weight * 100):
                found.append(match[0])
    return found
