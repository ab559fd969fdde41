"""Which of the caller's tools a request asks for: by the words that it shares with their names and descriptions.

Words that mean the same for this purpose count as one ("temperature" and "weather"); an expression asks for
calculating, code for running. A request for several things ("in Paris and in London") is cut into clauses, one call
each. What this is not: understanding. A request that shares no word with a tool does not call it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.extraction import Told, spoken_expression
from janus_platform.services.inference.stemming import content_stems, stem
from janus_platform.services.inference.strings import parts_of
from janus_platform.services.inference.tools import Tool

_CONCEPTS = {
    concept: frozenset(map(stem, named.split()))
    for concept, named in {
        "weather": "weather temperature forecast rain sunny snow cold warm hot climate umbrella degrees",
        "search": "search find lookup look google web internet browse news latest online",
        "calculate": "calculate calculator calculation compute sum add multiply divide subtract plus minus math "
        "arithmetic expression evaluate product multiplied divided",
        "execute": "run execute code program script sandbox interpreter",
        "fetch": "fetch page url website webpage download open",
        "mail": "email mail send message inbox",
        "stock": "stock share ticker market",
        "time": "time clock timezone oclock",
        "currency": "currency exchange dollar dollars euro euros usd eur gbp",
        "flight": "flight flights fly plane airline",
        "hotel": "hotel hotels room accommodation stay",
        "translate": "translate translation translator",
        "remind": "remind reminder alarm timer",
        "calendar": "calendar event meeting schedule appointment",
        "map": "direction directions route map distance navigate",
    }.items()
}
# What tools say of themselves whatever they do.
_EMPTY_WORDS = """
get set make given value values return returns specified user tool function information data list number string current
new provided based using way thing parameter name result api call perform allow retrieve what tell show give know
"""
_EMPTY = frozenset(map(stem, _EMPTY_WORDS.split()))
BY_NAME, BY_CONCEPT, BY_DESCRIPTION, BY_PARAMETER = 3.0, 2.0, 1.0, 0.5
# One word of a name or a concept calls a tool, and so do two of its description.
ENOUGH = 2.0
MAX_CALLS = 8
_CLAUSES = re.compile(r"(?<=[.?!;\n])\s+|,? and |, then |, also |, (?=[A-ZÀ-Þ][^,]{0,60}(?:, | and ))")


@dataclass(frozen=True)
class Pick:
    """A tool, and the words that its arguments come from."""

    tool: Tool
    words: str


def pick(tools: Sequence[Tool], text: str, *, several: bool) -> list[Pick]:
    """The tools that `text` asks for, in its order; none where none fits. Without `several`, at most one."""
    best = _best(tools, text)
    if best is None:
        return []
    if not several:
        return [Pick(best, text)]
    picks: list[Pick] = []
    for clause in (c for c in _CLAUSES.split(text) if c and c.strip()):
        tool = _best(tools, clause)
        if tool is None and picks and _is_bare(clause):
            tool = picks[-1].tool
        if tool is not None:
            picks.append(Pick(tool, clause))
        elif picks:
            picks[-1] = Pick(picks[-1].tool, f"{picks[-1].words} and {clause}")
    return picks[:MAX_CALLS] if len(picks) > 1 else [Pick(best, text)]


def closest(tools: Sequence[Tool], text: str) -> Tool:
    """The tool that fits best, even when none fits well; of equals the first."""
    scores = _scores(tools, text)
    return tools[max(range(len(tools)), key=lambda place: (scores[place], -place))]


def shared_words(tool: Tool, text: str) -> list[str]:
    """The words of `text`, as stems, that speak for the tool."""
    asked = _asked(text)
    held = set(parts_of(tool.name)) | set(content_stems(tool.description))
    concepts = _concepts(held)
    return [w for w in dict.fromkeys(content_stems(text)) if w in asked and (w in held or _concepts({w}) & concepts)]


def _best(tools: Sequence[Tool], text: str) -> Tool | None:
    scores = _scores(tools, text)
    place = max(range(len(tools)), key=lambda i: (scores[i], -i))
    return tools[place] if scores[place] >= ENOUGH else None


def _scores(tools: Sequence[Tool], text: str) -> list[float]:
    asked = _asked(text)
    if spoken_expression(text):
        asked.discard(stem("times"))
    concepts = _concepts(asked) | _shown(text)
    names = [set(parts_of(tool.name)) - _EMPTY for tool in tools]
    described = [set(content_stems(tool.description[:4_000])) - _EMPTY for tool in tools]
    # A word that every tool has tells none from another.
    common = Counter(w for name, text_ in zip(names, described, strict=True) for w in name | text_)
    return [
        sum(
            (BY_NAME if w in name else BY_DESCRIPTION) / (1 if common[w] < max(2, len(tools)) else len(tools))
            for w in asked & (name | said)
        )
        + BY_CONCEPT * (2 * len(concepts & _concepts(name)) + len(concepts & (_concepts(said) - _concepts(name))))
        + BY_PARAMETER * len(asked & _parameters(tool))
        for tool, name, said in zip(tools, names, described, strict=True)
    ]


def _asked(text: str) -> set[str]:
    return set(content_stems(text[:4_000])) - _EMPTY


def _concepts(stems: set[str] | frozenset[str]) -> set[str]:
    return {concept for concept, named in _CONCEPTS.items() if named & stems}


def _shown(text: str) -> set[str]:
    """What pieces of the text ask for without a word: an expression to be calculated, code to be run, a page."""
    kinds = {piece.kind for piece in Told(text[:4_000]).pieces}
    kinds |= {"expression"} if spoken_expression(text[:4_000]) else set()
    by_kind = {"expression": "calculate", "code": "execute", "url": "fetch"}
    return {concept for kind, concept in by_kind.items() if kind in kinds}


def _parameters(tool: Tool) -> set[str]:
    properties = tool.parameters.get("properties")
    if not isinstance(properties, dict):
        return set()
    return {part for name in list(properties)[:100] for part in parts_of(name)} - _EMPTY


def _is_bare(clause: str) -> bool:
    """Whether a clause names a thing and little besides, so that what was asked before is asked of it."""
    told = Told(clause)
    named = told.of("name", "quoted", "expression", "code", "url") or told.places()
    words_of_names = {w for piece in named for w in content_stems(piece.text)}
    return bool(named) and len(set(content_stems(clause)) - words_of_names) <= 1
