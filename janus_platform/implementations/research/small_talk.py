"""Small talk, and what no page can answer: each kind recognised by its pattern, and answered in its own words.

A message is small talk where it is nothing else; one that asks something besides is looked up. What is said, and by
which words it is known, is in `small_talk.toml`.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

MAX_CHARACTERS = 160

# One of these may stand before or after: "Hi, how are you?", "Thanks, bye!".
_OPENING = (
    r"(?:(?:(?:hi|hello|hey)(?: there)?|ok(?:ay)?|oh|well|so|and|great|please|thanks|that was great"
    r"|good (?:morning|afternoon|evening))\b[\s,.!]*+){0,3}"
)
_CLOSING = (
    r"(?:[\s,]*+(?:today|now|then|there|please|janus|friend|mate|doing|so much|very much|a lot|again|really"
    r"|for (?:me|us|that|this|your help|the help|everything|the answer))\b){0,3}[\s!.?,:;)(~'’-]{0,20}"
)
_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_TALK = [(re.compile(rf"\A\W*+{_OPENING}{kind['pattern']}{_CLOSING}", re.I), kind["reply"]) for kind in _TABLE["talk"]]
_BEYOND = [(re.compile(kind["pattern"], re.I), kind["reply"]) for kind in _TABLE["beyond"]]


def reply_to(text: str) -> str | None:
    """The answer to a message that is small talk, or that no page can answer by its kind; None for any other."""
    line = " ".join(text.split())
    if len(line) > MAX_CHARACTERS:
        return None
    if not re.search(r"\w", line):
        return "I see no question yet. What would you like to know?"
    for pattern, reply in _TALK:
        if pattern.fullmatch(line):
            return str(reply)
    return next((str(reply) for pattern, reply in _BEYOND if pattern.search(line)), None)
