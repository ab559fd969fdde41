"""The reasoning that the reasoning models send first: how the engine came to its answer, in true sentences."""

from __future__ import annotations

import json

from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.chunks import Draft
from janus_platform.services.inference.local.extractive import NOT_COVERED
from janus_platform.services.inference.local.prompt import Message, Prompt, read_prompt
from janus_platform.services.inference.local.sentences import sentences_of
from janus_platform.services.inference.local.stemming import content_stems, topic_stems, words
from janus_platform.services.inference.local.tool_results import results_since
from janus_platform.services.inference.local.tool_selection import shared_words

MAX_WORDS = 8


def reasoning_for(request: ChatRequest, draft: Draft) -> str:
    """The steps behind the draft, one sentence each, ending in an empty line."""
    if draft.calls:
        steps = _of_calls(request, draft)
    elif results := results_since(request.messages):
        steps = [f"The answer is to come from {_counted(len(results), 'tool result')}."]
    else:
        steps = _of_passages(read_prompt([Message(m.role, m.text) for m in request.messages]), draft)
    if images := sum(len(m.images) for m in request.messages):
        steps.insert(0, f"I measure {_counted(images, 'image')} before I look at the text.")
    if request.format.type != "text":
        steps.append("The answer has to be JSON, so I fill its fields with what the prompt says.")
    return " ".join(steps) + "\n\n"


def _of_calls(request: ChatRequest, draft: Draft) -> list[str]:
    text = next(m.text for m in reversed(request.messages) if m.role == "user")
    steps = [f"The request offers {_counted(len(request.tools), 'tool')}."]
    for call in draft.calls:
        tool = next(tool for tool in request.tools if tool.name == call.name)
        shared = shared_words(tool, text)[:MAX_WORDS]
        why = f"shares the words {', '.join(shared)} with the request" if shared else "is the one to be called"
        steps.append(f"{call.name} {why}; its arguments are {', '.join(json.loads(call.arguments)) or 'none'}.")
    return steps


def _of_passages(prompt: Prompt, draft: Draft) -> list[str]:
    topic = topic_stems(prompt.question)
    if not prompt.passages:
        return ["The prompt has no passage to quote from, so I say what I need."]
    sentences = [s for number, passage in enumerate(prompt.passages) for s in sentences_of(passage.text, number)]
    holding = sum(bool(set(topic) & set(content_stems(s.text))) for s in sentences)
    about = [w for w in dict.fromkeys(words(prompt.question)) if topic_stems(w)][:MAX_WORDS]
    first = f"The question is about: {', '.join(about)}." if about else "The question names no subject of its own."
    given = f"{_counted(len(prompt.passages), 'passage')} with {_counted(len(sentences), 'sentence')}"
    steps = [first, f"The prompt holds {given}."]
    if draft.text == " ".join(NOT_COVERED):
        return [*steps, "None of them covers the question."]
    return [*steps, f"{holding} of them share a word with it; I quote those that score best."]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
