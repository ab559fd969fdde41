"""What the engine says to a message that asks nothing of a passage: a greeting, thanks, who it is."""

from __future__ import annotations

import re

MAX_CHARACTERS = 80
_WHO = (
    "I am janus-local-extractive-1, a program that answers by quoting passages from its prompt. I am not a language "
    "model and no person: give me a question and passages, and I quote what answers it."
)
_TALK = [
    (r"(?:hi|hello|hey|good (?:morning|afternoon|evening|day))(?: there)?", f"Hello! {_WHO}"),
    (r"(?:how are you|how(?:'s| is) it going)(?: today| doing)?", f"I run as I should, thank you. {_WHO}"),
    (r"(?:who|what) are you|what(?:'s| is) your name|what can you do|are you (?:a|an) \w{2,12}|help", _WHO),
    (r"(?:many )?thanks?(?: you)?(?: very much| a lot)?|thx", "You are welcome."),
    (r"(?:good)?bye|see you(?: later)?|good night", "Goodbye!"),
    (r"ok(?:ay)?|yes|no|test(?:ing)?|ping", "All right. Give me a question and passages when you are ready."),
]
_REPLIES = [(re.compile(rf"\W{{0,9}}(?:{pattern})\W{{0,9}}", re.I), reply) for pattern, reply in _TALK]


def reply_to(text: str) -> str:
    """The answer to small talk; "" for any other message."""
    line = " ".join(text[: 4 * MAX_CHARACTERS].split())
    if len(line) > MAX_CHARACTERS:
        return ""
    return next((reply for pattern, reply in _REPLIES if pattern.fullmatch(line)), "")
