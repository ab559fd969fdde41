"""Hand the result back.

A model has called a tool, your program has run it, and now the result goes back. Write `reply_to(call, result)`: the
message for it. Its role is `tool`, it says which call it answers, and its content is text: a result that is text as it
is, any other as JSON.
"""

import json

from janus_book.exercise import Hint


# %% answer
def reply_to(call, result):
    ### BEGIN SOLUTION
    content = result if isinstance(result, str) else json.dumps(result)
    return {"role": "tool", "tool_call_id": call.id, "content": content}
    ### END SOLUTION


# %% check
def check(reply_to):
    from types import SimpleNamespace

    def called(number):
        function = SimpleNamespace(name="run_python", arguments='{"expression": "6 * 7"}')
        return SimpleNamespace(id=f"call_{number}", type="function", function=function)

    def content_of(result):
        return reply_to(called(3), result)["content"]

    found = reply_to(called(1), "42")
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. A message is a dictionary; it begins with its role.")
    if not isinstance(found, dict):
        raise Hint(f"A message is a dictionary, and yours is {type(found).__name__}.")
    if found.get("role") != "tool":
        raise Hint(f"Its role is tool, and yours is {found.get('role')!r}: neither the user nor the model said this.")
    if "tool_call_id" not in found:
        raise Hint("It does not say yet which call it answers. The field is tool_call_id.")
    if found["tool_call_id"] == "run_python":
        raise Hint("A tool may be called twice in one answer: its name is not enough. Which field of the call is?")
    if found["tool_call_id"] != "call_1":
        raise Hint(f"The call has the id call_1, and your message answers {found['tool_call_id']!r}.")
    if reply_to(called(2), "42")["tool_call_id"] != "call_2":
        raise Hint("Another call has another id: take it from the call.")
    if "content" not in found:
        raise Hint("The result is missing: it is the content of the message.")
    if found["content"] != "42":
        raise Hint(f"A result that is text goes back as it is: 42, and yours is {found['content']}.")
    if not isinstance(content_of(42), str):
        raise Hint("A content is text. Your message holds a number as it is: write it as JSON.")
    weather = {"city": "Tromsø", "rain": True, "wind": None}
    text = content_of(weather)
    if not isinstance(text, str):
        raise Hint(f"A content is text, and a dictionary goes back as {type(text).__name__}: write it as JSON.")
    try:
        read = json.loads(text)
    except ValueError:
        raise Hint(f"{text} is how Python writes it; JSON writes true and null. Use the module json.") from None
    if read != weather:
        raise Hint(f"Read back as JSON, the result is {read!r} and was {weather!r}.")
    for empty, shown in (([], "[]"), (0, "0"), (False, "false")):
        if content_of(empty) != shown:
            yours = content_of(empty)
            raise Hint(f"A result of {empty!r} is a result: its content is {shown}, and yours is {yours!r}.")
    if content_of("") != "":
        raise Hint("An empty text is a result as well, and goes back as it is.")
    if set(found) - {"role", "tool_call_id", "content", "name"}:
        raise Hint("The message has extra fields. Three are enough.")
    return "call_1 is answered with 42."


# %% mistakes
MISTAKES = {
    "def reply_to(call, result):\n    return result": "A message is a dictionary",
    "def reply_to(call, result):\n    return {'role': 'user', 'content': result}": "Its role is tool",
    "def reply_to(call, result):\n    return {'role': 'tool', 'content': str(result)}": "which call it answers",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call.function.name, 'content': result}
""": "its name is not enough",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call, 'content': result}
""": "The call has the id",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': 'call_1', 'content': result}
""": "Another call has another id",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call.id}
""": "The result is missing",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call.id, 'content': json.dumps(result)}
""": "goes back as it is",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call.id, 'content': result}
""": "holds a number as it is",
    """def reply_to(call, result):
    return {'role': 'tool', 'tool_call_id': call.id, 'content': str(result)}
""": "how Python writes it",
    """def reply_to(call, result):
    text = result if isinstance(result, str) else json.dumps(result) if result else ''
    return {'role': 'tool', 'tool_call_id': call.id, 'content': text}
""": "is a result",
}
