"""Add two bills.

An implementation that asks the model twice has two bills and sends one. Write `added(first, second)`: the usage of both
calls together. Both are dictionaries of numbers; one may have a field that the other lacks. Leave them unchanged.
"""

from janus_book.exercise import Hint


# %% answer
def added(first, second):
    ### BEGIN SOLUTION
    fields = {**first, **second}
    return {name: first.get(name, 0) + second.get(name, 0) for name in fields}
    ### END SOLUTION


# %% check
def check(added):
    first = {"prompt_tokens": 300, "completion_tokens": 40, "cost_usd": 0.00007}
    second = {"prompt_tokens": 500, "completion_tokens": 60, "cost_usd": 0.00011, "sandbox_seconds": 1.5}
    found = added(dict(first), dict(second))
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with the names of all fields: {**first, **second}.")
    if not isinstance(found, dict):
        raise Hint(f"A usage is a dictionary, and yours is {type(found).__name__}.")
    if found.get("prompt_tokens") in (300, 500):
        raise Hint("One bill has replaced the other. Each field is the sum of both.")
    if set(found) != {*first, *second}:
        lost = ", ".join(sorted({*first, *second} - set(found)))
        raise Hint(f"A field that only one bill has is lost: {lost}. Its missing half counts as 0.")
    if found["prompt_tokens"] != 800 or abs(found["cost_usd"] - 0.00018) > 1e-12 or found["sandbox_seconds"] != 1.5:
        raise Hint(f"Both together have 800 prompt tokens and cost $0.00018, and yours say {found}.")
    kept = dict(first)
    added(kept, second)
    if kept != first:
        raise Hint("Your function changed the first bill. Make a new dictionary.")
    if set(added(second, first)) != {*first, *second}:
        raise Hint("With the two the other way round a field is lost.")
    return "800 prompt tokens, 100 completion tokens, $0.00018."


# %% mistakes
MISTAKES = {
    "def added(first, second):\n    return sum(first.values()) + sum(second.values())": "is a dictionary",
    "def added(first, second):\n    return {**first, **second}": "has replaced the other",
    "def added(first, second):\n    return {n: first[n] + second[n] for n in first}": "only one bill has",
    "def added(first, second):\n"
    "    for n, v in second.items():\n"
    "        first[n] = first.get(n, 0) + v\n"
    "    return first": "changed the first bill",
    "def added(first, second):\n    return {n: first.get(n, 0) + v for n, v in second.items()}": "the other way round",
}
