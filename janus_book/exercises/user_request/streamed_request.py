"""Write the request.

Write `chat_body(name, rule, question)`: the body of a request that asks the implementation `name` to stream its answer.
It has two messages: first the `rule` with the role of the system, then the `question` with the role of the user. The
check sends it.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def chat_body(name, rule, question):
    ### BEGIN SOLUTION
    system = {"role": "system", "content": rule}
    user = {"role": "user", "content": question}
    return {"model": name, "messages": [system, user], "stream": True}
    ### END SOLUTION


# %% check
def check(chat_body):
    import janus_platform as janus

    body = chat_body("echo", "Be brief.", "What is a span?")
    if isinstance(body, str | bytes):
        raise Hint("That is JSON already, as text. Return the dictionary: httpx turns it into JSON when it sends it.")
    if not isinstance(body, dict):
        raise Hint("chat_body does not return a dictionary yet. The first request of the page shows its keys.")
    address = f"{janus.up().url}/v1/chat/completions"
    try:
        response = httpx.post(address, json=body, timeout=60)
    except TypeError as error:
        raise Hint(f"The body cannot be written as JSON: {error}. The content of a message is a string.") from None
    if response.status_code != 200:
        error = response.json()["error"]
        raise Hint(f"The gateway answers {response.status_code}, field {error['param']}: {error['message']}")
    if response.headers["x-janus-implementation"] != "echo":
        raise Hint(f"{response.headers['x-janus-implementation']} answered, not echo. Which field chooses?")
    roles = [message["role"] for message in body["messages"]]
    if roles != ["system", "user"]:
        raise Hint(
            f"The roles are {', '.join(roles)}; they should be the system's for the rule, then the user's for the "
            "question."
        )
    if not response.headers["content-type"].startswith("text/event-stream"):
        raise Hint("The answer came in one piece, as JSON. Which field asks for a stream?")
    if "span?" not in response.text:
        raise Hint(
            "Echo repeats the last user message, and that was not the question. Is the question the user's "
            "content?"
        )
    other = chat_body("research", "Answer in verse.", "What is a qubit?")
    if other["model"] != "research":
        raise Hint(f"Asked for research, chat_body names {other['model']!r}. Where does `name` go?")
    if other.get("stream") is not True:
        raise Hint(f"Asked for research, `stream` is {other.get('stream')!r}. Ask for a stream whatever the name.")
    if (count := len(other["messages"])) != 2:
        raise Hint(
            f"Asked for research, chat_body gives {count} messages. It should be two each time: rule and "
            "question."
        )
    for message, given in zip(other["messages"], ("Answer in verse.", "What is a qubit?"), strict=True):
        said = message["content"]
        if isinstance(said, list):  # of parts, which the gateway takes as well
            said = "".join(part["text"] for part in said)
        if said != given:
            raise Hint(f"The {message['role']} message says {said!r}, but you were given {given!r}. Use that.")
    return "Echo streamed it back, as server-sent events."


# %% mistakes
MISTAKES = {
    "def chat_body(name, rule, question):\n    m = [{'role': 'system', 'content': rule},"
    " {'role': 'user', 'content': question}]\n    return {'model': 'echo', 'messages': m, 'stream': True}": (
        "Where does `name` go"
    ),
    "def chat_body(name, rule, question):\n    m = [{'role': 'system', 'content': 'Be brief.'},"
    " {'role': 'user', 'content': question}]\n    return {'model': name, 'messages': m, 'stream': True}": (
        "The system message says"
    ),
    "def chat_body(name, rule, question):\n"
    "    return {'model': name, 'messages': [{'role': 'user', 'content': question}], 'stream': True}": (
        "The roles are user"
    ),
    "def chat_body(name, rule, question):\n    m = [{'role': 'system', 'content': rule},"
    " {'role': 'user', 'content': question}]\n    return {'model': name, 'messages': m}": "asks for a stream",
    "def chat_body(name, rule, question):\n"
    "    return {'model': name, 'messages': question, 'stream': True}": "The gateway answers 400, field messages",
    "def chat_body(name, rule, question):\n    m = [{'role': 'system', 'content': question},"
    " {'role': 'user', 'content': rule}]\n    return {'model': name, 'messages': m, 'stream': True}": (
        "the user's content"
    ),
    """def chat_body(name, rule, question):
    return {'model': name, 'messages': [{'role': 'system', 'content': rule},
        {'role': 'user', 'content': question}], 'stream': name == 'echo'}
""": "whatever the name",
    """import json
def chat_body(name, rule, question):
    return json.dumps({'model': name, 'messages': [{'role': 'system', 'content': rule},
        {'role': 'user', 'content': question}], 'stream': True})
""": "JSON already",
    """def chat_body(name, rule, question):
    return {'model': name, 'messages': [{'role': 'system', 'content': rule},
        {'role': 'user', 'content': question}], 'stream': 'true'}
""": "must be true or false",
    """history = []
def chat_body(name, rule, question):
    history.append({'role': 'system', 'content': rule})
    history.append({'role': 'user', 'content': question})
    return {'model': name, 'messages': history, 'stream': True}
""": "gives 4 messages",
}
