"""Take the pictures out.

Write `pictures(events)`: the artifacts of an answer as bytes, in order. They stand in `artifacts` of a chunk, each with
its `data` in Base64. `events` are the texts of the events.
"""

from janus_book.exercise import Hint


# %% answer
import base64
import json

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
    import janus_platform as janus
    from janus_book.journey import follow

    events = [event.text for event in follow(janus.up()).events]
    try:
        found = pictures(events)
    except Exception as error:
        raise Hint(f"pictures raises {type(error).__name__}. Not every event is JSON: think of [DONE].") from None
    if found is None:
        raise Hint("pictures returns nothing yet. Which key of a chunk, beside choices, holds pictures?")
    if not isinstance(found, list) or len(found) != 1:
        raise Hint(f"The followed answer brings one picture; pictures gave {len(found)} things.")
    if not isinstance(found[0], bytes):
        raise Hint("This is still Base64, a text that stands for bytes. Decode it.")
    if not found[0].startswith(b"\x89PNG"):
        raise Hint("These bytes are no PNG: one starts with \\x89PNG. Is it the artifact's data that is decoded?")
    return f"One picture, {len(found[0]):,} bytes."


# %% mistakes
MISTAKES = {
    "def pictures(events):\n    return []": "gave 0 things",
    "import json\ndef pictures(events):\n"
    "    return [a for e in events for a in json.loads(e[6:]).get('artifacts', [])]": "Not every event is JSON",
    "import json\ndef pictures(events):\n    return [a['data'] for e in events if e.startswith('data: {')\n"
    "        for a in json.loads(e[6:]).get('artifacts', [])]": "still Base64",
}
