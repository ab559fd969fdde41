"""A tool loop of our own: the model calls, the sandbox runs, the model goes on."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

from calculating import calculates
from saying import RefusedError
from services import infer, run

RUN_PYTHON = {
    "name": "run_python",
    "description": "Calculate the value of a Python expression.",
    "parameters": {
        "type": "object",
        "properties": {"expression": {"type": "string"}},
        "required": ["expression"],
    },
}
ROUNDS = 4


async def ran(arguments: str) -> str:
    """What a call comes to, or why it comes to nothing: the model may try again."""
    try:
        expression = str(json.loads(arguments)["expression"])
        if not calculates(expression):
            return "That is no Python expression."
        return (await run(f"import math\nprint({expression})"))[0]
    except (ValueError, LookupError, TypeError, RefusedError) as error:
        return f"{type(error).__name__}: {error}"


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The answer of a model that could calculate; nothing from one that did not."""
    if not re.search(r"\d", question):
        return
    messages: list[Any] = [{"role": "user", "content": question}]
    tools = [{"type": "function", "function": RUN_PYTHON}]
    for _ in range(ROUNDS):
        message, usage = await infer(messages, tools=tools)
        yield "usage", usage
        if not message.tool_calls:
            break
        messages.append(message.model_dump(exclude_none=True))
        for made in message.tool_calls:
            result = await ran(made.function.arguments)
            yield "reasoning_content", f"{made.function.arguments} gives {result}\n"
            messages.append(
                {"role": "tool", "tool_call_id": made.id, "content": result}
            )
    if len(messages) > 1 and message.content:
        yield "content", message.content
