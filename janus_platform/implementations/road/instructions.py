"""Instructions that bind: a rule of the system message, something done to a text."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from saying import say

ALWAYS = re.compile(
    r"\bwhatever [^.]{0,80}\breply with the (?:single )?word (\w+)", re.I
)
RULE = re.compile(
    r"if the user says ([^,]{1,80}), reply with (\S+?)(?: alone| only)?[;.] "
    r"otherwise,? reply with (\S+?)(?: alone| only)?\.?$",
    re.I,
)
QUOTED = re.compile(r"[\"“]([^\"”]{1,200})[\"”]")
DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b")
# The text that is to be changed: behind a colon, or behind what it is called.
TEXT = re.compile(
    r"\bwords?\b[^:]{0,80}: (.+?)[.?]?$|"
    r"\b(?:code|text|word|name|number)(?: is)? [\"']?([\w-]+)[\"']?"
    r"(?= (?:in|back)|[.,?]|$)"
)
MARKS = {"hyphen": "-", "comma": ",", "space": " ", "dot": ".", "slash": "/"}
OPERATIONS: dict[str, Callable[[str], str]] = {
    "backwards": lambda text: text[::-1],
    "capital letters": str.upper,
    "small letters": str.lower,
    "alphabetically": lambda text: " ".join(sorted(re.findall(r"\w+", text))),
    "first and last": lambda text: text[-1] + text[1:-1] + text[:1],
}


def ruled(system: str, said: str) -> str:
    """What a rule of the system message says to what was said; empty without one."""
    if always := ALWAYS.search(system):
        return always[1]
    rule = RULE.search(system.strip())
    phrase = rule and (QUOTED.search(rule[1]) or QUOTED.search(system))
    if not rule or not phrase:
        return ""
    return rule[2] if said.strip(" .!").lower() == phrase[1].lower() else rule[3]


def rewritten(task: str) -> str:
    """A text changed as the task says; empty where it says nothing that is known."""
    if (date := DATE.search(task)) and "YYYY-MM-DD" in task:
        with suppress(ValueError):  # the 31st of February
            return datetime.strptime(date[0], "%d %B %Y").date().isoformat()
    given = TEXT.search(task)
    wanted = [change for wish, change in OPERATIONS.items() if wish in task]
    if not given or not wanted:
        return ""
    text = given[1] or given[2]
    for change in wanted:
        text = change(text)
    mark = re.search(r"each letter followed by an? (\w+)", task)
    return MARKS.get(mark[1], "").join(text) if mark else text


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The answer that an instruction leaves no choice about."""
    system = [m["content"] for m in request["messages"] if m.get("role") == "system"]
    if found := ruled(" ".join(system), question) or rewritten(question):
        async for piece in say(found, "Doing what the instruction says."):
            yield piece
