"""The question of a prompt, and the passages that it gives to answer from.

The convention: a user message with a line `Question: …`, a line `Passages:` and, below it, blocks that begin with
`[1] Title — URL` and go on in Markdown. Without it, the question is the last sentence that ends in a question mark, or
the instruction before a colon ("Summarize this: …"), and every long text beside it is a passage without a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.local.sentences import split_sentences

# Shorter texts are part of the conversation; a system prompt must be longer still, since most of them instruct.
LONG_TEXT, LONG_SYSTEM_TEXT = 200, 600
_QUESTION = re.compile(r"^[ \t]*question:[ \t]*(.*(?:\n(?![ \t]*\n|[ \t]*passages:).*)*)", re.I | re.M)
_PASSAGES = re.compile(r"^[ \t]*passages:[ \t]*$", re.I | re.M)
_HEAD = re.compile(r"^\[(\d{1,3})\] (.*) — (\S+)[ \t]*$", re.M)
_ASKING = re.compile(r"(?<![^.!?\n])[^.!?\n]++\?")
_INSTRUCTION = re.compile(r"\A\s*+([^\n:]{3,200}+):\s")
_SENTENCE = re.compile(r"\A\s*+([^\n]{3,300}?)(?:[.!]\s|\n|\Z)")


@dataclass(frozen=True)
class Message:
    """One message of the conversation, its content as plain text."""

    role: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A text to answer from; `number` is how the prompt calls it, if it does."""

    text: str
    number: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question and the passages to answer it from."""

    question: str
    passages: tuple[Passage, ...]


def read_prompt(messages: Sequence[Message]) -> Prompt:
    """The question and the passages of a conversation, whose last user message asks."""
    user_messages = [m for m in messages if m.role == "user"]
    last = user_messages[-1].text if user_messages else ""
    if marker := _PASSAGES.search(last):
        question = _QUESTION.search(last)
        asking = question[1] if question else _asking_part(last[: marker.start()])
        return Prompt(_focus(asking), _numbered(last[marker.end() :]))
    question_text = _asking_part(last)
    rest = last.replace(question_text, "\n\n", 1) if question_text else last
    texts = [m.text for m in messages if m.role in {"system", "developer"} and len(m.text) >= LONG_SYSTEM_TEXT]
    earlier = [*user_messages[:-1], *(m for m in messages if m.role == "tool")]
    texts += [m.text for m in earlier if len(m.text) >= LONG_TEXT]
    texts += [rest] if len(rest.strip()) >= LONG_TEXT else []
    return Prompt(_focus(question_text), tuple(Passage(text) for text in texts))


def _focus(question: str) -> str:
    """Of several sentences the ones that ask, if any does; on one line."""
    line = " ".join(question.split())
    asking = [s for s in split_sentences(line) if s.endswith("?")]
    return " ".join(asking) or line


def _numbered(text: str) -> tuple[Passage, ...]:
    heads: list[re.Match[str]] = []
    for head in _HEAD.finditer(text):
        # A passage may itself hold such a line; only the next number begins the next passage.
        if int(head[1]) == (int(heads[-1][1]) + 1 if heads else 1):
            heads.append(head)
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return tuple(
        Passage(text[head.end() : end].strip(), int(head[1]), head[2].strip())
        for head, end in zip(heads, ends, strict=False)
    )


def _asking_part(text: str) -> str:
    """The part of a message that asks, as it stands there."""
    if marked := _QUESTION.search(text):
        return marked[1]
    if len(text) < LONG_TEXT:
        return text.strip()
    instruction = _INSTRUCTION.match(text)
    # A question before or after a text is meant; one in the middle of it belongs to the text.
    edges = [text[:LONG_TEXT], text[-LONG_TEXT:]]
    for edge in reversed(edges):
        if asking := _ASKING.findall(edge):
            return str(asking[-1]).strip()
    if instruction:
        return instruction[1]
    first = _SENTENCE.match(text)
    return first[1] if first else ""
