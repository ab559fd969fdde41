"""Redact a request for the log.

Write `redacted(body)`: what a log may keep of a chat request. `body` is the request as a dictionary. Return a
dictionary with its `model`, and under `messages` the `role` and the `characters` (the length of the content) of each
message, and nothing else.
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
    from copy import deepcopy

    secret = "My password is hünter2"
    body = {
        "model": "janus",
        "user": "5-Elm-Street",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": secret, "name": "Ada"},
        ],
    }
    given = deepcopy(body)
    found = redacted(given)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with the model and an empty list of messages.")
    shown = repr(found)
    if "hünter2" in shown or "Be brief" in shown:
        raise Hint("The content of a message is still there. Keep its length, not its words.")
    if "Ada" in shown or "Elm" in shown:
        raise Hint("A field that nobody asked for is still there. Name the fields to keep, not those to remove.")
    if given != body:
        raise Hint("Your function changed the request itself, which must still be answered. Make a new dictionary.")
    if not isinstance(found, dict):
        raise Hint(f"Return a dictionary; yours is {type(found).__name__}.")
    if found.get("model") != "janus":
        raise Hint("The log needs to know the model.")
    if more := sorted(set(found) - {"model", "messages"}):
        raise Hint(f"The log also contains {', '.join(map(str, more))}. The task names everything that it may keep.")
    messages = found.get("messages")
    if not isinstance(messages, list):
        raise Hint(f"Put a list under `messages`, with one entry per message; yours is {type(messages).__name__}.")
    for one in messages:
        if isinstance(one, dict) and (more := sorted(set(one) - {"role", "characters"})):
            raise Hint(f"The entry of a message also contains {', '.join(map(str, more))}. Keep only role and length.")
    wanted = [{"role": "system", "characters": 9}, {"role": "user", "characters": len(secret)}]
    if messages != wanted:
        raise Hint(f"The messages should read {wanted}, and yours read {messages}.")
    texts = "x", "", " x ", "xx"
    found = redacted({"model": "echo", "messages": [{"role": "assistant", "content": text} for text in texts]})
    if found.get("model") != "echo":
        raise Hint(f"A request to echo is logged as one to {found.get('model')!r}. Take the model from the request.")
    if found.get("messages") != [{"role": "assistant", "characters": len(text)} for text in texts]:
        raise Hint(f"The assistant's four messages were {texts}, and yours reads {found.get('messages')}.")
    return "The log has two messages of 9 and 22 characters, and none of their words."


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
    "def redacted(body):\n"
    "    body = dict(body)\n"
    "    body.pop('user')\n"
    "    for m in body['messages']:\n"
    "        m['characters'] = len(m.pop('content'))\n"
    "        m.pop('name', None)\n"
    "    return body": "Make a new dictionary",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'])} for m in body['messages']]\n"
    "    return {'model': 'janus', 'messages': messages}": "Take the model from the request",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'])} for m in body['messages']]\n"
    "    return {'model': body['model'], 'messages': messages, 'count': len(messages)}": "The log also contains count",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'].encode())} for m in body['messages']]\n"
    "    return {'model': body['model'], 'messages': messages}": "'characters': 23",
    "def redacted(body):\n"
    "    last = body['messages'][-1]\n"
    "    one = {'role': last['role'], 'characters': len(last['content'])}\n"
    "    return {'model': body['model'], 'messages': one}": "yours is dict",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'])} for m in body['messages'] if m['content']]\n"
    "    return {'model': body['model'], 'messages': messages}": "The assistant's four messages",
    """def redacted(body):
    kept = [{'role': m['role'], 'characters': len(m['content']), 'hash': hash(m['content'])} for m in body['messages']]
    return {'model': body['model'], 'messages': kept}
""": "also contains hash",
    """def redacted(body):
    kept = [{'role': m['role'], 'characters': len(m['content'].strip())} for m in body['messages']]
    return {'model': body['model'], 'messages': kept}
""": "The assistant's four messages",
    """def redacted(body):
    kept = {m['role']: {'role': m['role'], 'characters': len(m['content'])} for m in body['messages']}
    return {'model': body['model'], 'messages': list(kept.values())}
""": "The assistant's four messages",
}
