"""Name the event.

Write `kind(event)`: what one event of the stream is. Return `"ping"` for a comment (it starts with a colon), `"done"`
for the end marker, `"error"` for an event whose JSON has an `error`, `"thought"` or `"text"` if its delta has
`reasoning_content` or `content`, and `"other"` for everything else. `event` is the event's text, without the empty line
after it.
"""

from janus_book.exercise import Hint


# %% answer
import json

def kind(event):
    ### BEGIN SOLUTION
    if event.startswith(":"):
        return "ping"
    if event == "data: [DONE]":
        return "done"
    chunk = json.loads(event.removeprefix("data: "))
    if "error" in chunk:
        return "error"
    delta = chunk["choices"][0]["delta"] if chunk.get("choices") else {}
    if delta.get("reasoning_content"):
        return "thought"
    return "text" if delta.get("content") else "other"
    ### END SOLUTION


# %% check
def check(kind):
    from collections import Counter

    import janus_platform as janus
    from janus_book.journey import follow

    for event, true in (
        ('data: {"choices": [{"delta": {"content": "Hello"}}]}', "text"),
        ('data: {"choices": [{"delta": {"reasoning_content": "Hm."}}]}', "thought"),
        ("data: [DONE]", "done"),
        (": ping", "ping"),
        ('data: {"error": {"code": "upstream_incomplete"}}', "error"),
        ('data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}', "other"),
        ('data: {"choices": [], "usage": {}}', "other"),
        ('data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}', "other"),
        ('data: {"choices": [{"delta": {"content": "an error, [DONE]"}}]}', "text"),
        ('data: {"choices": [{"delta": {"content": "stopping"}}]}', "text"),
        ('data: {"choices": [{"delta": {"content": "[DONE]"}}]}', "text"),
        ('data: {"choices": [{"delta": {"reasoning_content": null, "content": "Hi"}}]}', "text"),
        (": keep-alive", "ping"),
    ):
        try:
            said = kind(event)
        except Exception as error:
            raise Hint(f"For {event} kind raises {type(error).__name__}. It is of the kind {true}.") from None
        if said is None:
            raise Hint(f"kind returns nothing for {event}, which is of the kind {true}.")
        if said != true:
            raise Hint(f"{event} is of the kind {true}; kind gave {said!r}.")
    counted = Counter(kind(event.text) for event in follow(janus.up()).events)
    return "The followed answer: " + ", ".join(f"{count} {name}" for name, count in counted.items()) + "."


# %% mistakes
MISTAKES = {
    "def kind(event):\n    if event[0] == ':':\n        return 'ping'\n    if 'error' in event:\n"
    "        return 'error'\n    if 'DONE' in event:\n        return 'done'\n"
    "    if 'reasoning_content' in event:\n        return 'thought'\n"
    "    return 'text' if '\"content\": \"' in event and '\"\"' not in event else 'other'": "text; kind gave 'error'",
    "def kind(event):\n    return 'text'": "of the kind thought",
    "import json\ndef kind(event):\n    d = json.loads(event[6:])['choices'][0]['delta']\n"
    "    return 'thought' if 'reasoning_content' in d else 'text'": "of the kind done",
    "import json\ndef kind(event):\n    if event[0] == ':':\n        return 'ping'\n    if 'DONE' in event:\n"
    "        return 'done'\n    d = json.loads(event[6:])['choices'][0]['delta']\n"
    "    return 'thought' if 'reasoning_content' in d else 'text'": "of the kind error",
    """import json
def kind(event):
    if event == ': ping':
        return 'ping'
    if event == 'data: [DONE]':
        return 'done'
    chunk = json.loads(event[6:])
    if 'error' in chunk:
        return 'error'
    delta = chunk['choices'][0]['delta'] if chunk.get('choices') else {}
    if delta.get('reasoning_content'):
        return 'thought'
    return 'text' if delta.get('content') else 'other'
""": "of the kind ping",
    """import json
def kind(event):
    if 'ping' in event:
        return 'ping'
    if event == 'data: [DONE]':
        return 'done'
    chunk = json.loads(event[6:])
    if 'error' in chunk:
        return 'error'
    delta = chunk['choices'][0]['delta'] if chunk.get('choices') else {}
    if delta.get('reasoning_content'):
        return 'thought'
    return 'text' if delta.get('content') else 'other'
""": "stopping",
    """import json
def kind(event):
    if event.startswith(':'):
        return 'ping'
    if event == 'data: [DONE]':
        return 'done'
    chunk = json.loads(event[6:])
    if 'error' in chunk:
        return 'error'
    delta = chunk['choices'][0]['delta'] if chunk.get('choices') else {}
    if 'reasoning_content' in delta:
        return 'thought'
    return 'text' if delta.get('content') else 'other'
""": "of the kind text; kind gave 'thought'",
}
