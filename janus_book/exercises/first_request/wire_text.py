"""Read the wire yourself.

Write `text_of(line)`: it takes one line of the stream and returns what that line adds to the answer (the delta's
`content`) or an empty string when it adds nothing. Every line must pass: events with reasoning only, the empty lines
between events, and the last event.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
import json

def text_of(line):
    ### BEGIN SOLUTION
    if not line.startswith("data: ") or line == "data: [DONE]":
        return ""
    choices = json.loads(line.removeprefix("data: "))["choices"]
    return choices[0]["delta"].get("content") or "" if choices else ""
    ### END SOLUTION


# %% check
def check(text_of):
    import json

    import janus_platform as janus

    event = 'data: {"choices": [{"delta": {"content": "Hello"}}]}'
    said = text_of(event)
    if said is None:
        raise Hint(
            "text_of returns nothing yet. What stands after `data: ` is JSON: choices, then delta, then content."
        )
    if said != "Hello":
        raise Hint(f"The event {event} adds Hello to the answer; text_of gave {said!r}.")
    for line, what in (
        ("", "An empty line stands between two events"),
        ("data: [DONE]", "The last event is `data: [DONE]`, which is no JSON"),
        ('data: {"choices": [{"delta": {"reasoning_content": "Hm."}}]}', "A delta may hold reasoning and no content"),
        ('data: {"choices": [], "usage": {}}', "An event may come without any choice"),
    ):
        try:
            said = text_of(line)
        except Exception as error:
            raise Hint(f"{what}, and there text_of raises {type(error).__name__}. Return an empty string.") from None
        if said != "":
            raise Hint(f"{what}, and there text_of gives {said!r}. Return an empty string.")
    body = {"model": "research", "messages": [{"role": "user", "content": "What is a qubit?"}], "stream": True}
    with httpx.stream("POST", f"{janus.up().url}/v1/chat/completions", json=body, timeout=60) as response:
        lines = list(response.iter_lines())
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    pieces = [event["choices"][0]["delta"].get("content") or "" for event in events if event.get("choices")]
    said = [text_of(line) for line in lines]
    if "".join(said) != "".join(pieces):
        raise Hint(
            f"From a real answer you read {''.join(said)[:40]!r}; its content begins {''.join(pieces)[:40]!r}. "
            "Hand on each piece as it came, its spaces too."
        )
    return "From the stream it read: " + "".join(said)[:60] + "…"


# %% mistakes
MISTAKES = {
    "def text_of(line):\n    return 'Hello' if 'Hello' in line else ''": "From a real answer",
    "import json\ndef text_of(line):\n    if not line.startswith('data: {'):\n        return ''\n"
    "    c = json.loads(line[6:])['choices']\n"
    "    return (c[0]['delta'].get('content') or '').strip() if c else ''": "its spaces too",
    "def text_of(line):\n    return line": "adds Hello to the answer",
    "import json\ndef text_of(line):\n"
    "    return json.loads(line[6:])['choices'][0]['delta']['content']": "An empty line",
    "import json\ndef text_of(line):\n    if not line:\n        return ''\n"
    "    return json.loads(line[6:])['choices'][0]['delta']['content']": "no JSON",
    "import json\ndef text_of(line):\n    if not line or line.endswith('[DONE]'):\n        return ''\n"
    "    return json.loads(line[6:])['choices'][0]['delta'].get('content')": "reasoning and no content",
}
