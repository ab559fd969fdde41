"""Write the request.

Write `chat_body(name, rule, question)`: the body of a request that asks the implementation `name` to stream its answer.
Two messages: the `rule` comes first, as the system's, then the `question`, as the user's. The check sends it.
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
        raise Hint("That is already JSON, a text. Return the dictionary: httpx turns it into JSON when it sends it.")
    if not isinstance(body, dict):
        raise Hint("chat_body returns no dictionary yet. The page's first request shows its keys.")
    address = f"{janus.up().url}/v1/chat/completions"
    try:
        response = httpx.post(address, json=body, timeout=60)
    except TypeError as error:
        raise Hint(f"The body cannot be written as JSON: {error}. The content of a message is a text.") from None
    if response.status_code != 200:
        error = response.json()["error"]
        raise Hint(f"The gateway answers {response.status_code}, field {error['param']}: {error['message']}")
    if response.headers["x-janus-implementation"] != "echo":
        raise Hint(f"{response.headers['x-janus-implementation']} answered, not echo. Which field chooses?")
    roles = [message["role"] for message in body["messages"]]
    if roles != ["system", "user"]:
        raise Hint(f"The roles are {', '.join(roles)}; it should be the system's rule, then the user's question.")
    if not response.headers["content-type"].startswith("text/event-stream"):
        raise Hint("The answer came in one piece, as JSON. Which field asks for a stream?")
    if "span?" not in response.text:
        raise Hint("Echo says the last user message back, and that was not the question. Is it the user's content?")
    other = chat_body("research", "Answer in verse.", "What is a qubit?")
    if other["model"] != "research":
        raise Hint(f"Asked for research, chat_body names {other['model']!r}. Where does `name` go?")
    if other.get("stream") is not True:
        raise Hint(f"Asked for research, `stream` is {other.get('stream')!r}. Ask for a stream whatever the name.")
    if (count := len(other["messages"])) != 2:
        raise Hint(f"Asked for research, chat_body gives {count} messages. There are always two: rule and question.")
    for message, given in zip(other["messages"], ("Answer in verse.", "What is a qubit?"), strict=True):
        said = message["content"]
        if isinstance(said, list):  # of parts, which the gateway takes as well
            said = "".join(part["text"] for part in said)
        if said != given:
            raise Hint(f"The {message['role']} message says {said!r}; it should be {given!r}.")
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
""": "That is already JSON, a text",
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
