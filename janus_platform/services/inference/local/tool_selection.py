"""The tools that a request asks for, by the words that it shares with their names and descriptions.

Words that mean the same for this purpose count as one ("temperature" and "weather"); an expression asks for
calculating, code for running. A request for several things ("in Paris and in London") is cut into clauses, one call
each. What this is not: understanding. A request that shares no word with a tool does not call it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.local.extraction import Extraction
from janus_platform.services.inference.local.stemming import content_stems, stem
from janus_platform.services.inference.local.strings import parts_of
from janus_platform.services.inference.tools import Tool

# Words for what tools commonly do: a request seldom uses the tool's own.
_CONCEPTS = {
    concept: frozenset(map(stem, named.split()))
    for concept, named in {
        "weather": "weather temperature forecast rain sunny snow cold warm hot climate umbrella degrees",
        "search": "search find lookup look google web internet browse news latest online",
        "calculate": "calculate calculator calculation compute add multiply divide subtract math arithmetic expression",
        "execute": "run execute code program script sandbox interpreter",
        "fetch": "fetch page url website webpage download open",
        "time": "time clock timezone oclock",
        "currency": "currency exchange dollar dollars euro euros usd eur gbp",
    }.items()
}
# What spans of the text ask for without a word.
_CONCEPT_OF_SPAN = {"expression": "calculate", "code": "execute", "url": "fetch"}
# What tools say of themselves whatever they do.
_EMPTY_WORDS = """
get set make given value values return returns specified user tool function information data list number string current
new provided based using way thing parameter name result api call perform allow retrieve what tell show give know
"""
_EMPTY = frozenset(map(stem, _EMPTY_WORDS.split()))
# A tool's name says in a word or two what it does; its description has that word among others.
BY_NAME, BY_CONCEPT, BY_DESCRIPTION = 3.0, 2.0, 1.0
# The names of parameters only tell tools apart that the rest leaves equal.
BY_PARAMETER = 0.5
# One word of a name or a concept calls a tool, and so do two of its description.
ENOUGH = 2.0
MAX_CALLS = 8
# A tool is known by the beginning of a text: a description or a request of a page says it there.
MAX_CHARACTERS = 4_000
_CLAUSES = re.compile(r"(?<=[.?!;\n])\s+|,? and |, then |, also |, (?=[A-ZÀ-Þ][^,]{0,60}(?:, | and ))")


@dataclass(frozen=True)
class Selection:
    """A tool, and the part of the request that its arguments come from."""

    tool: Tool
    text: str


def select(tools: Sequence[Tool], text: str, *, several: bool) -> list[Selection]:
    """The tools that `text` asks for, in its order; none where none fits. Without `several`, at most one."""
    best = _best(tools, text)
    if best is None:
        return []
    if not several:
        return [Selection(best, text)]
    selections: list[Selection] = []
    for clause in (part for part in _CLAUSES.split(text) if part and part.strip()):
        tool = _best(tools, clause)
        if tool is None and selections and _is_bare(clause):
            tool = selections[-1].tool
        if tool is not None:
            selections.append(Selection(tool, clause))
        elif selections:
            selections[-1] = Selection(selections[-1].tool, f"{selections[-1].text} and {clause}")
    return selections[:MAX_CALLS] if len(selections) > 1 else [Selection(best, text)]


def closest(tools: Sequence[Tool], text: str) -> Tool:
    """The tool that fits best, even when none fits well; of equals the first."""
    scores = _scores(tools, text)
    return tools[scores.index(max(scores))]


def shared_words(tool: Tool, text: str) -> list[str]:
    """The words of `text`, as stems, that speak for the tool."""
    held = set(parts_of(tool.name)) | set(content_stems(tool.description))
    concepts = _concepts(held)
    stems = (word for word in dict.fromkeys(content_stems(text[:MAX_CHARACTERS])) if word not in _EMPTY)
    return [word for word in stems if word in held or _concepts({word}) & concepts]


def _best(tools: Sequence[Tool], text: str) -> Tool | None:
    scores = _scores(tools, text)
    return tools[scores.index(max(scores))] if max(scores) >= ENOUGH else None


def _scores(tools: Sequence[Tool], text: str) -> list[float]:
    text = text[:MAX_CHARACTERS]
    spoken = set(content_stems(text)) - _EMPTY
    concepts = _concepts(spoken) | {
        _CONCEPT_OF_SPAN[span.kind] for span in Extraction(text).spans if span.kind in _CONCEPT_OF_SPAN
    }
    names = [set(parts_of(tool.name)) - _EMPTY for tool in tools]
    descriptions = [set(content_stems(tool.description[:MAX_CHARACTERS])) - _EMPTY for tool in tools]
    held_by = Counter(
        word for name, description in zip(names, descriptions, strict=True) for word in name | description
    )

    def score(tool: Tool, name: set[str], description: set[str]) -> float:
        by_word = 0.0
        for word in spoken & (name | description):
            # A word that every tool has tells none from another.
            is_common = len(tools) > 1 and held_by[word] == len(tools)
            by_word += (BY_NAME if word in name else BY_DESCRIPTION) / (len(tools) if is_common else 1)
        by_name = concepts & _concepts(name)
        by_concept = 2 * len(by_name) + len(concepts & _concepts(description) - by_name)
        return by_word + BY_CONCEPT * by_concept + BY_PARAMETER * len(spoken & _parameters(tool))

    return [score(*described) for described in zip(tools, names, descriptions, strict=True)]


def _concepts(stems: set[str]) -> set[str]:
    return {concept for concept, named in _CONCEPTS.items() if named & stems}


def _parameters(tool: Tool) -> set[str]:
    properties = tool.parameters.get("properties")
    if not isinstance(properties, dict):
        return set()
    return {part for name in list(properties)[:100] for part in parts_of(name)} - _EMPTY


def _is_bare(clause: str) -> bool:
    """Whether a clause names a thing and little besides, so that what was asked before is asked of it."""
    spans = Extraction(clause).unused("name", "quoted", "expression", "code", "url")
    named = {word for span in spans for word in content_stems(span.text)}
    # "and in London right now" goes on with the sentence before it; "I think in Fahrenheit." is one of its own.
    most_others = 0 if clause[0].isupper() else 1
    return bool(spans) and len(set(content_stems(clause)) - named) <= most_others
