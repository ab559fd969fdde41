"""Redact a request for the log.

Write `redacted(body)`: what a log may keep of a chat request. `body` is the request as a dictionary. Return a
dictionary with its `model`, and under `messages` for each message its `role` and its `characters` (how long its content
is), and nothing else.
"""

from janus_book.exercise import Hint


# %% answer
def redacted(body):
    ### BEGIN SOLUTION
    messages = [
        {"role": one["role"], "characters": len(one["content"])}
        for one in body["messages"]
    ]
    return {"model": body["model"], "messages": messages}
    ### END SOLUTION


# %% check
def check(redacted):
    secret = "My password is hunter2"
    body = {
        "model": "janus",
        "user": "5-Elm-Street",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": secret, "name": "Ada"},
        ],
    }
    found = redacted(body)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with the model and an empty list of messages.")
    shown = repr(found)
    if "hunter2" in shown or "Be brief" in shown:
        raise Hint("The content of a message is still there. Keep its length, not its words.")
    if "Ada" in shown or "Elm" in shown:
        raise Hint("A field that nobody asked for went along. Name the fields to keep, rather than those to remove.")
    wanted = [{"role": "system", "characters": 9}, {"role": "user", "characters": len(secret)}]
    if not isinstance(found, dict) or found.get("model") != "janus":
        raise Hint("The log needs to know the model.")
    if found.get("messages") != wanted:
        raise Hint(f"The messages should read {wanted}, and yours read {found.get('messages')}.")
    if body["messages"][1]["content"] != secret:
        raise Hint("Your function changed the request itself, which still has to be answered. Make a new dictionary.")
    return "The log has two messages of 9 and 22 characters, and no word of them."


# %% mistakes
MISTAKES = {
    "def redacted(body):\n    return body": "Keep its length",
    "def redacted(body):\n"
    "    kept = [{k: v for k, v in m.items() if k != 'content'} for m in body['messages']]\n"
    "    return {'model': body['model'], 'messages': kept}": "Name the fields to keep",
    "def redacted(body):\n    return {'messages': []}": "needs to know the model",
    "def redacted(body):\n"
    "    return {'model': body['model'], 'messages': [{'role': m['role']} for m in body['messages']]}": "should read",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'])} for m in body['messages']]\n"
    "    for m in body['messages']:\n"
    "        m['content'] = ''\n"
    "    return {'model': body['model'], 'messages': messages}": "Make a new dictionary",
}
