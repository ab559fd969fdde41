"""How many of something the contract allows, typed by hand: "4 cores", "at most 64 processes", "256 tunnels".

What is counted is read from the contract's own names: `classroom.max_learners` counts learners, and a parameter
`num_results` with a maximum counts results. A number beside such a word is a fact when the contract has that number
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spelled import NUMBER, value_of

from janus_platform.conformance.fields import leaves
from janus_platform.contract import Contract

Counted = dict[str, dict[int, list[str]]]
# Smaller numbers of anything are in every second sentence, and no limit ("two requests").
_LEAST = 4
# What every page counts: a number of these is a limit only where it is said to be one ("at most 8 requests").
_COMMON = {"request", "call", "result", "message", "file", "input", "image", "tool", "node", "token"}
_SAID_TO_BE = re.compile(
    r"(?:up to|at most|no more than|more than|limit(?:ed)? (?:of|to|is)|max(?:imum)?(?: of)?)\s*$", re.I
)
_BOUNDS = {"maximum", "max_length"}
_OTHER_UNITS = ("_bytes", "_seconds", "status", "number", "ss58_format", "version", "usd_per_million", "port")
_ELSEWHERE = (".weights.", "upstream", "rate_limit")  # facts.py and typed_limits.py look for the first and the last
_CHARACTERS = ("_least", "_most", "max_length")


def counts_typed(text: str, counted: Counted) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Each count of the contract (`counted(contract)`) in a paragraph's text, with the paths that have it."""
    number, noun = rf"(?<![\w.,/-])(?P<number>{NUMBER})", rf"(?P<noun>{'|'.join(counted)})s?\b"
    for match in re.finditer(rf"{number}(?:[ \u00a0-]\w+)?[ \u00a0-]{noun}", text, re.I):
        noun = match["noun"].lower()
        if noun in _COMMON and not _SAID_TO_BE.search(text[: match.start()]):
            continue
        if paths := counted[noun].get(round(value_of(match["number"]))):
            yield match, paths


def counted(contract: Contract) -> Counted:
    """What the contract counts, in the singular, with its numbers and the paths where they stand."""
    found: Counted = {}
    for path, value in leaves(contract).items():
        if isinstance(value, int) and not isinstance(value, bool) and value >= _LEAST and (noun := _noun(path)):
            found.setdefault(noun, {}).setdefault(value, []).append(path)
    return found


def _noun(path: str) -> str | None:
    """What the number at a path counts, in the singular; None where it counts nothing."""
    *_, parent, name = ["", *path.split(".")]
    if name.endswith(_CHARACTERS):
        return "character"
    if name.endswith(_OTHER_UNITS) or any(part in path for part in _ELSEWHERE):
        return None
    words = re.split(r"[_-]", parent if name in _BOUNDS else name)
    plural = [word for word in words if word.endswith("s") and len(word) > 3]
    return plural[0].removesuffix("s") if plural else None
