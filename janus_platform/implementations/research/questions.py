"""The kind of a question: small talk, a calculation, a program to run, something to draw, or to look up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conversation import in_context
from expressions import arithmetic
from forms import Form, read_form
from programs import find_program
from settings import Settings
from small_talk import reply_to

MAX_QUERY_CHARACTERS = 300

_PLOT = re.compile(
    r"(?<!is the )(?<!'s the )\b(plot(s|ted|ting)?|graph(s|ed|ing)?(?!\s+(theory|databases?|ql))|charts?|draw"
    r"|sketch|histogram|visuali[sz](e|ation|ations|ed|ing))\b",
    re.I,
)
# Bounded on both sides: a question of commas and "plot" would be gone through again from each of them.
_PLOT_CLAUSE = re.compile(
    rf"(?>(,|;|\b(and|then|with|also|as|in|please|an?)\b|\s){{0,12}}){_PLOT.pattern}[^.?!]{{0,300}}+([.?!](?!\d)|$)",
    re.I,
)
_ASKING = re.compile(
    r"^(\s*(please|kindly|can you|could you|would you|i want you to|help me( to)?|explain( to me)?|describe"
    r"|tell me( about)?|summari[sz]e|define|discuss|give me( an?)?|show me|write( me)?( an?)?"
    r"|what(?:'?s| is| are| was| were)|who (is|was|are|were))\b[\s,:]*)+",
    re.I,
)
_CALCULATE = re.compile(
    r"\s*+(please\s++)?(what\s++(is|are|does)|what's|calculate|compute|evaluate|solve|how much is|work out)?\s*+", re.I
)
_EQUALS = ("equals", "equal")
_SENTENCES = re.compile(r"(?<=[?!])\s+|(?<=[.])\s+(?=[A-Z])")
_ASKS = re.compile(r"\?|^\s*(?:explain|describe|plot|tell|why|how|what|who|compare|define|summari[sz]e)\b", re.I)


@dataclass(frozen=True)
class Question:
    """A user's question, and what it asks for.

    `has_picture` says that a picture came with it; `messages` is the whole conversation, `tools` what the request says
    of tools, both as the model gets them; `settings` what it asks of the answer.
    """

    text: str
    has_picture: bool = False
    messages: Sequence[dict[str, Any]] = ()
    tools: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    said: str = ""

    @cached_property
    def form(self) -> Form:
        """The question without the sentences about the answer's form."""
        return read_form(self.text)

    @property
    def program(self) -> str | None:
        """The Python program that is to be run, or None."""
        return find_program(self.text)

    @property
    def follows_a_tool(self) -> bool:
        """Whether the conversation ends with what a tool returned."""
        return bool(self.messages) and self.messages[-1].get("role") == "tool"

    @property
    def is_small_talk(self) -> bool:
        """Whether nothing is asked that could be looked up."""
        return reply_to(self.said or self.text) is not None

    @property
    def can_be_looked_up(self) -> bool:
        """Whether it asks something, and brings no text of its own to answer from."""
        core = self.form.core
        brings_text = len(core) > MAX_QUERY_CHARACTERS or re.search(r":\s", core) is not None
        return bool(_ASKS.search(core)) and not brings_text and not self.is_small_talk

    @property
    def wants_plot(self) -> bool:
        """Whether a picture is asked for."""
        return bool(_PLOT.search(self.text))

    @property
    def calculation(self) -> str | None:
        """The arithmetic expression that is asked for, in Python's notation, or None."""
        first, *others = _SENTENCES.split(self.form.core[:600])
        if any(_ASKS.search(other) for other in others):
            return None
        request = _CALCULATE.match(first)
        return arithmetic(_without_equals(first[request.end() :] if request else first))

    def spoken(self) -> str:
        """The question without the request for a picture and without wishes for its form, on one line."""
        text = " ".join(self.form.core.split())
        if not self.wants_plot:
            return text
        without = _PLOT_CLAUSE.sub("", text).strip(" ,;:")
        return without if len(re.findall(r"\w{3,}", without)) > 1 else " ".join(_PLOT.sub(" ", text).split())

    def query(self) -> str:
        """The search query: the question without its politeness and without the request for a picture."""
        spoken = self.spoken()
        shorter = " ".join(_ASKING.sub("", spoken).strip(" ?!.:,").split())
        return (shorter if re.search(r"\w{2}", shorter) else spoken)[:MAX_QUERY_CHARACTERS]


def read_question(
    messages: list[dict[str, Any]], tools: dict[str, Any] | None = None, settings: Settings | None = None
) -> Question:
    """The question in a conversation: the last user message, with what it leaves to the messages before it."""
    questions = [_text_of(m.get("content")) for m in messages if m.get("role") == "user"]
    if not questions:
        return Question("")
    said, has_picture = questions[-1]
    text = said if has_picture else in_context([text for text, _ in questions])
    return Question(text, has_picture, messages, tools or {}, settings or Settings(), said)


def _text_of(content: Any) -> tuple[str, bool]:
    if isinstance(content, str):
        return content.strip(), False
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    text = " ".join(str(part.get("text") or "") for part in parts if part.get("type") == "text")
    return text.strip(), any(part.get("type") == "image_url" for part in parts)


def _without_equals(text: str) -> str:
    """A sum without "equals", "=" and the marks behind it."""
    bare = text.rstrip().rstrip("?.!=").rstrip()
    word = next((word for word in _EQUALS if bare.lower().endswith(word)), "")
    return bare[: len(bare) - len(word)].rstrip()
