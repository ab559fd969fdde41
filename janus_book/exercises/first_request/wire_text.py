"""Read the wire yourself.

Write `text_of(line)`. It takes one line of the stream and returns what that line adds to the answer (the delta's
`content`), or an empty string if it adds nothing. It must accept every line: events with reasoning only, the empty
lines between events, and the last event.
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
    try:
        said = text_of(event)
    except (KeyError, TypeError) as error:
        raise Hint(
            f"On {event} text_of raises {type(error).__name__}: {error}. The way to the text is `choices`, a list, "
            "then `delta`, then `content`."
        ) from None
    if said is None:
        raise Hint(
            "text_of returns nothing yet. The part after `data: ` is JSON: choices, then delta, then content."
        )
    if said != "Hello":
        raise Hint(f"The event {event} adds Hello to the answer; text_of gave {said!r}.")
    for line, what in (
        ("", "An empty line stands between two events"),
        ("data: [DONE]", "The last event is `data: [DONE]`, which is not JSON"),
        ('data: {"choices": [{"delta": {"reasoning_content": "Hm."}}]}', "A delta may hold reasoning and no content"),
        ('data: {"choices": [{"delta": {"content": null}}]}', "A delta's content may be null"),
        ('data: {"choices": [], "usage": {}}', "An event may have no choices"),
    ):
        try:
            said = text_of(line)
        except Exception as error:
            raise Hint(f"{what}, and there text_of raises {type(error).__name__}. Return an empty string.") from None
        if said != "":
            raise Hint(f"{what}, and there text_of gives {said!r}. Return an empty string.")
    for text in ("So my reasoning is", "[DONE] ends it", 'He says "data: "'):
        event = "data: " + json.dumps({"choices": [{"delta": {"reasoning_content": None, "content": text}}]})
        if (said := text_of(event)) != text:
            raise Hint(
                f"The event {event} adds {text!r} to the answer; text_of gave {said!r}. Look at the fields of its "
                "JSON, not at words in the line."
            )
    body = {"model": "research", "messages": [{"role": "user", "content": "What is a qubit?"}], "stream": True}
    with httpx.stream("POST", f"{janus.up().url}/v1/chat/completions", json=body, timeout=60) as response:
        lines = [line for line in response.iter_lines() if not line.startswith(":")]  # whether pings come is chance
    read = []
    for line in lines:
        event = json.loads(line[6:]) if line.startswith("data: {") else {}
        piece = event["choices"][0]["delta"].get("content") or "" if event.get("choices") else ""
        read.append(text_of(line))
        if read[-1] != piece:
            raise Hint(
                f"From a real answer you read {str(read[-1])[:60]!r}, where its content is {piece[:60]!r}. Hand on "
                "each piece as it came, its spaces too."
            )
    return "From the stream it read: " + "".join(read)[:60] + "…"


# %% mistakes
MISTAKES = {
    "def text_of(line):\n    return 'Hello' if 'Hello' in line else ''": "not at words in the line",
    "import json\ndef text_of(line):\n    if not line.startswith('data: {'):\n        return ''\n"
    "    c = json.loads(line[6:])['choices']\n"
    "    return (c[0]['delta'].get('content') or '').strip() if c else ''": "its spaces too",
    "def text_of(line):\n    return line": "adds Hello to the answer",
    "import json\ndef text_of(line):\n"
    "    return json.loads(line[6:])['choices'][0]['delta']['content']": "An empty line",
    "import json\ndef text_of(line):\n    if not line:\n        return ''\n"
    "    return json.loads(line[6:])['choices'][0]['delta']['content']": "not JSON",
    "import json\ndef text_of(line):\n    if not line or line.endswith('[DONE]'):\n        return ''\n"
    "    return json.loads(line[6:])['choices'][0]['delta'].get('content')": "reasoning and no content",
    """import json
def text_of(line):
    if not line.startswith('data: {') or 'reasoning' in line:
        return ''
    c = json.loads(line[6:])['choices']
    return c[0]['delta'].get('content') or '' if c else ''
""": "not at words in the line",
    """import json
def text_of(line):
    if not line or 'DONE' in line:
        return ''
    c = json.loads(line[6:])['choices']
    return c[0]['delta'].get('content') or '' if c else ''
""": "not at words in the line",
    """import json
def text_of(line):
    return json.loads(line[6:])['choices']['delta']['content']
""": "`choices`, a list",
}
