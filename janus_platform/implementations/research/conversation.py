"""A question read with the conversation before it: what "it" is, what "And why?" asks for, whether more is wanted.

"What about X?" asks of X what was asked before; a pronoun stands for what the last question was about; a question
without a verb ("Why twice a day?") goes on about it. A question that stands by itself stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_FOLLOW_UP_WORDS, MAX_ELLIPSIS_WORDS = 12, 7
MAX_CHARACTERS = 300

_FILLER = re.compile(
    r"^(?:(?:ok(?:ay)?|and|but|so|then|hm+|ah|oh|well|yes|no|right|thanks|please|also|now)\b[\s,.!:]*)+", re.I
)
_MORE = re.compile(
    r"^(?:(?:can|could|would) you |please )*(?:tell me (?:some )?more|more|then|next|go on|continue|elaborate"
    r"|keep going|anything else|what else|say more|(?:explain|describe) (?:it|that|this)?\s*(?:in more detail|further"
    r"|more)|(?:give me |some )?more (?:details?|information)|in more detail)\b(?:[^?.!]{0,20}(?:about (?:it|that"
    r"|this|them)))?\W*$",
    re.I,
)
_MORE_ABOUT = re.compile(r"^(?:tell me )?more about (?!it\b|that\b|this\b|them\b)(.{2,80}?)\W*$", re.I)
_WHAT_ABOUT = re.compile(
    r"^(?:what|how) about (.{2,80}?)\W*$|^and (?:for |of |in |with )?((?:the |a |an )?[\w .'’-]{2,60}?)\s*\?\W*$", re.I
)
_PRONOUN = re.compile(
    r"\b(it|they|them|this|that|these|those|he|she|him|her|ones?(?=\W*$))\b(?!\s+(?:is|was)\s+(?:true|said)\b)", re.I
)
_POSSESSIVE = re.compile(r"\b(its|their|his|her)\b(?=\s+\w)", re.I)
_WH = re.compile(r"^(?:why|how|when|where|who|which|what|since when|by whom)\b", re.I)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|do|does|did|can|could|has|have|had|will|would|should|may|might|must|happens?|makes?|made"
    r"|causes?|caused|means?|works?|needs?|gets?|takes?|comes?|goes|went|called|invented|discovered|proposed|wrote"
    r"|won|said|holds?|uses?|used|allows?|limits?)\b|['’]s\b",
    re.I,
)
# "Give me the rule" is about what was asked before.
_REQUEST = re.compile(
    r"(?:give|show|tell) me (?:the|an?|some) [\w-]+(?: [\w-]+)?\W*$|(?:an?|another) example\W*$"
    r"|(?:for example)\W*$",
    re.I,
)
# "How many are there?" has no word of what it is about.
_ONLY_ASKS = re.compile(
    r"(?:how (?:many|much|long|big|large|far|fast|often|old|high)|when|where|who|why|what kinds?)"
    r"(?>(?:\s++(?:is|are|was|were|does|do|did|can|will|there|one|ones|of|exist|be|happen|take|last|know|we|you))*)\W*+",
    re.I,
)
# Where a question names what it is about: "X's limit", "… of X?", "does X have", "What is X?".
_SUBJECTS = [
    re.compile(r"\b(?:is|are|was|were) ((?:the )?[\w .-]{2,50}?)['’]s? (?=\w)", re.I),
    re.compile(r"\b(?:of|for|in) ((?:the |a |an )?[\w .'’-]{2,60}?)(?=\s*[?.!]*$)", re.I),
    re.compile(
        r"\b(?:do|does|did|can|could|may|must|will|would|should|has|have) ((?:the |a |an )?[\w .'’-]{2,60}?)"
        r"(?=\s+(?:work|mean|do|have|need|use|take|begin|start|end|happen|occur|get|allow|run|cost|reach|look|make|cause"
        r"|go|come|fetch|hold|last|contain|give|say|return|store|send|protect|grow|rise|fall|exist|form)\b)",
        re.I,
    ),
    re.compile(r"^(?:what|who) (?:is|are|was|were) ((?:the |a |an )?[\w .'’-]{2,60}?)(?=\s*[?.!]*$)", re.I),
    re.compile(
        r"^(?:explain|describe|define|tell me about|what causes|what makes) ((?:the |a |an )?[\w .'’-]{2,60}?)"
        r"(?=\s*[?.!]*$)",
        re.I,
    ),
]
_MEASURED = re.compile(r"\bhow (?:much|many) ([\w-]{2,30})(?= (?:do|does|did|is|are|can|may|has|have|will)\b)", re.I)
_EXPLAINING = re.compile(
    r"(?:why|how (?:do|does|did|is|are|was|were)|explain|what (?:causes|caused|makes|made))\b", re.I
)
_WHICH = re.compile(
    r"^(?:which|who|what)(?: one| of them)? (?:is|are|was|were|came|comes|has|have)(?: the)? \w+\W*$", re.I
)
_LEADING = re.compile(
    r"^(?:(?:please|explain|describe|define|tell me(?: more)? about|what|who|when|where|why|how|which|is|are|was|were"
    r"|do|does|did|can|could|has|have|will|would|should|there|causes?|caused|makes?|many|much|long|often"
    r"|does it)\b[\s,]*)+",
    re.I,
)
_TRAILING = re.compile(
    r"(?<!\s)\s++(?:work|works|mean|means|do|happen|occur|exist|begin|start|made|used|work like)\s*+$", re.I
)
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=\S)")


def in_context(questions: Sequence[str]) -> str:
    """The last of a conversation's questions, put so that it can be understood alone."""
    about = ""
    for question in questions[-6:]:
        resolved = _resolved(question, about)
        if not _is_talk(question):
            about = resolved
    return _resolved_last(questions, about)


def _resolved_last(questions: Sequence[str], about: str) -> str:
    return questions[-1] if questions and _is_talk(questions[-1]) else about or (questions[-1] if questions else "")


def wants_more(question: str) -> bool:
    """Whether it only asks to go on."""
    return bool(_MORE.match(_bare(question)))


def topic_of(question: str) -> str:
    """The words that say what a question is about."""
    for pattern in _SUBJECTS:
        if found := pattern.search(question.strip()[:MAX_CHARACTERS]):
            return found[1].strip()
    core = _LEADING.sub("", question.strip(" ?!.")[:MAX_CHARACTERS])
    return _TRAILING.sub("", core).strip() or question.strip(" ?!.")


def _is_talk(question: str) -> bool:
    return bool(
        re.match(r"^\W*(?:thanks?|thank you|hi|hello|hey|ok(?:ay)?|great|cool|bye)\b[\w\s,!.]{0,20}$", question, re.I)
    )


def _bare(question: str) -> str:
    line = " ".join(question.split())[:MAX_CHARACTERS]
    if re.fullmatch(r"(?:and |so )?then\W*", line, re.I):
        return "then"
    return _FILLER.sub("", line).strip() or line


def _resolved(question: str, before: str) -> str:
    """`question` with what it leaves out filled in from `before`, the question before it ("" for none)."""
    line = " ".join(question.split())
    if not before or len(line.split()) > MAX_FOLLOW_UP_WORDS or len(line) > MAX_CHARACTERS:
        return question
    bare = _bare(line)
    if _MORE.match(bare):
        return before
    if other := _MORE_ABOUT.match(bare):
        return f"Tell me about {other[1]}"
    if (other := _WHAT_ABOUT.match(line) or _WHAT_ABOUT.match(bare)) and not _WH.match(other[1] or other[2]):
        return _about_another(before, (other[1] or other[2]).strip())
    topic = topic_of(before)
    if re.fullmatch(r"(?:why|how so|how come|how)(?: (?:is|does|was) (?:that|this|it)(?: so)?| not)?\W*", bare, re.I):
        return _asked_for(bare, before, topic)
    is_bare = _WH.match(bare) and (not _VERB.search(bare) or _ONLY_ASKS.fullmatch(bare))
    is_short = bool(is_bare) and len(bare.split()) <= MAX_ELLIPSIS_WORDS
    if is_short or _WHICH.match(bare):
        return f"{bare.rstrip(' ?.!')} ({topic})?"
    if possessive := _POSSESSIVE.search(bare):
        return f"{bare[: possessive.start()]}{topic}'s{bare[possessive.end() :]}"
    if _REQUEST.match(bare):
        return f"{bare.rstrip(' ?.!')} ({topic})"
    pronoun = _PRONOUN.search(bare)
    if pronoun and not re.search(r"\b(?:that|which|who) \w+s?\b.*\bthat\b", bare):
        return f"{bare[: pronoun.start()]}{topic}{bare[pronoun.end() :]}"
    return question


def _asked_for(bare: str, before: str, topic: str) -> str:
    """A bare "Why?" or "How?" about the question before."""
    word = "How" if bare.lower().startswith("how") and not bare.lower().startswith("how come") else "Why"
    rest = re.sub(r"^(?:what|who|when|where|why|how|which)\b\s*", "", before.strip(" ?!."), flags=re.I)
    if re.match(r"(?:is|are|was|were|do|does|did|can|has|have)\b", rest, re.I) and re.match(r"why|how", before, re.I):
        return f"{word} {rest}?"
    return f"{word}: {topic}?"


def _about_another(before: str, other: str) -> str:
    """The question before, asked about something else; of an explanation, how that other thing belongs to it."""
    if (measured := _MEASURED.search(before)) and not other.lower().startswith(("the ", "a ", "an ")):
        return before[: measured.start(1)] + other + before[measured.end(1) :]
    if _EXPLAINING.match(before.strip()):
        return f"{other} and {topic_of(before)}?"
    for pattern in _SUBJECTS:
        if found := pattern.search(before.strip()):
            return before.strip()[: found.start(1)] + other + before.strip()[found.end(1) :]
    return f"{other}: {before}"
