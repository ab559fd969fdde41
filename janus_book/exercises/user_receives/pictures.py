"""Take the pictures out.

Write `pictures(events)`: the artifacts of an answer as bytes, in order. A chunk has them in `artifacts`, each with its
`data` in Base64. `events` are the texts of the events.
"""

import base64
import json

from janus_book.exercise import Hint


# %% answer
def pictures(events):
    ### BEGIN SOLUTION
    found = []
    for event in events:
        if event.startswith("data: {"):
            for artifact in json.loads(event[6:]).get("artifacts", []):
                found.append(base64.b64decode(artifact["data"]))
    return found
    ### END SOLUTION


# %% check
def check(pictures):
    import base64
    import json

    import janus_platform as janus
    from janus_book.journey import follow

    # Without pings: whether one comes depends on the machine's load, and which hint is given must not.
    events = [event.text for event in follow(janus.up()).events if not event.text.startswith(":")]
    try:
        found = pictures(events)
    except KeyError as error:
        raise Hint(f"pictures asks for {error}, which not every chunk has. What does a dict's get() do?") from None
    except ValueError as error:
        raise Hint(f"pictures raises {type(error).__name__}. Not every event is JSON: think of [DONE].") from None
    except TypeError as error:
        raise Hint(f"pictures raises TypeError: {error}. An artifact is a dict; decode its `data`.") from None
    if found is None:
        raise Hint("pictures returns nothing yet. Which key of a chunk, besides choices, holds pictures?")
    if not isinstance(found, list) or len(found) != 1:
        if not isinstance(found, list):
            raise Hint(f"pictures gave {type(found).__name__}, not a list. An answer may bring several.")
        raise Hint(f"The followed answer brings one picture; pictures gave {len(found)} things.")
    if not isinstance(found[0], bytes):
        raise Hint("This is still Base64, text that stands for bytes. Decode it.")
    if not found[0].startswith(b"\x89PNG"):
        raise Hint("These bytes are not a PNG, which starts with \\x89PNG. Did you decode the artifact's data?")
    def brings(*contents):
        sent = [{"data": base64.b64encode(content).decode()} for content in contents]
        return "data: " + json.dumps({"choices": [], "artifacts": sent})

    says = "data: " + json.dumps({"choices": [{"delta": {"content": "My artifacts are few."}}]})
    made = [": ping", brings(b"one", b"two"), brings(b"three"), brings(b"one"), "data: [DONE]"]
    try:
        several = pictures(made)
    except Exception as error:
        raise Hint(
            f"For an answer with the comment `: ping` and four artifacts, pictures raises {type(error).__name__}. "
            "Which events are JSON?"
        ) from None
    if several != [b"one", b"two", b"three", b"one"]:
        raise Hint(
            "Three chunks bring the pictures one and two, then three, then one again; pictures gave "
            f"{several!r}. Go through every chunk's list, and keep the order and what comes twice."
        )
    try:
        none = pictures([says, "data: [DONE]"])
    except Exception as error:
        raise Hint(f"{says} only says the word artifacts; there pictures raises {type(error).__name__}.") from None
    if none != []:
        raise Hint("Return an empty list for an answer without a picture.")
    return f"One picture, {len(found[0]):,} bytes."


# %% mistakes
MISTAKES = {
    "import base64, json\ndef pictures(events):\n"
    "    return [base64.b64decode(json.loads(e[6:])['artifacts'][0]['data'])\n"
    "        for e in events if 'artifacts' in e]": "every chunk's list",
    "import base64, json\ndef pictures(events):\n    for e in events:\n        if 'artifacts' in e:\n"
    "            return base64.b64decode(json.loads(e[6:])['artifacts'][0]['data'])": "not a list",
    "def pictures(events):\n    return []": "gave 0 things",
    "import json\ndef pictures(events):\n"
    "    return [a for e in events for a in json.loads(e[6:]).get('artifacts', [])]": "Not every event is JSON",
    "import json\ndef pictures(events):\n    return [a['data'] for e in events if e.startswith('data: {')\n"
    "        for a in json.loads(e[6:]).get('artifacts', [])]": "still Base64",
    """import base64, json
def pictures(events):
    found = [a for e in events if e.startswith('data: {') for a in json.loads(e[6:]).get('artifacts', [])]
    return list(dict.fromkeys(base64.b64decode(a['data']) for a in found))
""": "keep the order and what comes twice",
    """import base64, json
def pictures(events):
    found = [a for e in events if e.startswith('data: {') for a in json.loads(e[6:]).get('artifacts', [])]
    return [base64.b64decode(a['data']) for a in found] or None
""": "an empty list for an answer",
    """import base64, json
def pictures(events):
    found = [a for e in events if e.startswith('data: {') for a in json.loads(e[6:]).get('artifacts', [])]
    return [base64.b64decode(a) for a in found]
""": "An artifact is a dict",
    """import base64, json
def pictures(events):
    chunks = [json.loads(e[6:]) for e in events if e.startswith('data: {')]
    return [base64.b64decode(a['data']) for chunk in chunks for a in chunk['artifacts']]
""": "which not every chunk has",
    """import base64, json
def pictures(events):
    chunks = [json.loads(e[6:]) for e in events[:-1]]
    return [base64.b64decode(a['data']) for chunk in chunks for a in chunk.get('artifacts', [])]
""": "Which events are JSON",
    """import base64, json
def pictures(events):
    found = [a for e in events if 'artifacts' in e for a in json.loads(e[6:])['artifacts']]
    return [base64.b64decode(a['data']) for a in found]
""": "only says the word",
}
