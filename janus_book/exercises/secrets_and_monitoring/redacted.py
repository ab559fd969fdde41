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
        raise Hint("A field is left that the log must not keep. Name the fields to keep, not those to remove.")
    if given != body:
        raise Hint("Your function changed the request itself, which still has to be answered. Make a new dictionary.")
    if not isinstance(found, dict):
        raise Hint(f"Return a dictionary; yours is {type(found).__name__}.")
    if found.get("model") != "janus":
        raise Hint("The log needs to know the model.")
    if more := sorted(set(found) - {"model", "messages"}):
        raise Hint(f"The log holds {', '.join(map(str, more))} as well. The task names all that it may keep.")
    messages = found.get("messages")
    if not isinstance(messages, list):
        raise Hint(f"Under `messages` put a list, one entry per message; yours is {type(messages).__name__}.")
    for one in messages:
        if isinstance(one, dict) and (more := sorted(set(one) - {"role", "characters"})):
            raise Hint(f"An entry of a message holds {', '.join(map(str, more))} as well. It keeps role and length.")
    wanted = [{"role": "system", "characters": 9}, {"role": "user", "characters": len(secret)}]
    if messages != wanted:
        raise Hint(f"The messages should read {wanted}, and yours read {messages}.")
    texts = "x", "", " x ", "xx"
    found = redacted({"model": "echo", "messages": [{"role": "assistant", "content": text} for text in texts]})
    if found.get("model") != "echo":
        raise Hint(f"A request to echo is logged as one to {found.get('model')!r}. Take the model from the request.")
    if found.get("messages") != [{"role": "assistant", "characters": len(text)} for text in texts]:
        raise Hint(f"Four messages of the assistant came, {texts}, and yours reads {found.get('messages')}.")
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
    "    return {'model': body['model'], 'messages': messages, 'count': len(messages)}": "The log holds count",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'].encode())} for m in body['messages']]\n"
    "    return {'model': body['model'], 'messages': messages}": "'characters': 23",
    "def redacted(body):\n"
    "    last = body['messages'][-1]\n"
    "    one = {'role': last['role'], 'characters': len(last['content'])}\n"
    "    return {'model': body['model'], 'messages': one}": "yours is dict",
    "def redacted(body):\n"
    "    messages = [{'role': m['role'], 'characters': len(m['content'])} for m in body['messages'] if m['content']]\n"
    "    return {'model': body['model'], 'messages': messages}": "Four messages",
    """def redacted(body):
    kept = [{'role': m['role'], 'characters': len(m['content']), 'hash': hash(m['content'])} for m in body['messages']]
    return {'model': body['model'], 'messages': kept}
""": "holds hash as well",
    """def redacted(body):
    kept = [{'role': m['role'], 'characters': len(m['content'].strip())} for m in body['messages']]
    return {'model': body['model'], 'messages': kept}
""": "Four messages",
    """def redacted(body):
    kept = {m['role']: {'role': m['role'], 'characters': len(m['content'])} for m in body['messages']}
    return {'model': body['model'], 'messages': list(kept.values())}
""": "Four messages",
}
