"""Skills, asked in this order: the first that has something to say answers.

A skill is a file whose `answer(question, request)` yields pairs of field and value,
or nothing at all: then the next one is asked.
"""

from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from saying import RefusedError

ORDER = """calling plotting painting conversation instructions structured
calculating amounts times loop looking_up""".split()
SKILLS = [import_module(name).answer for name in ORDER if find_spec(name)]


def added(bill: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two bills as one: whoever asks a model twice pays twice."""
    numbers = {name: n for name, n in more.items() if isinstance(n, int | float)}
    return bill | {name: bill.get(name, 0) + value for name, value in numbers.items()}


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """Pairs of field and value: reasoning_content, content, and at the end usage."""
    bill: dict[str, Any] = {}
    for skill in SKILLS:
        spoke = False
        try:
            async for field, value in skill(question, request):
                if field == "usage":
                    bill = added(bill, value)
                    continue
                spoke = spoke or field != "reasoning_content"
                yield field, value
        except RefusedError as error:
            yield "reasoning_content", f"{error}\n"
        if spoke:
            break
    else:
        yield "content", "I cannot answer this now. Please ask again."
    yield "usage", bill
