"""Add two bills.

An implementation that asks the model twice gets two bills, but sends one. Write `added(first, second)`: the usage of
both calls together. Both are dictionaries of numbers; one may have a field that the other lacks. Leave them unchanged.
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
    kept = dict(first), dict(second)
    try:
        found = added(*kept)
    except KeyError as error:
        raise Hint(f"Only one of the bills has {error}, and the other was asked for it. What counts as 0?") from None
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with the names of all fields: {**first, **second}.")
    if not isinstance(found, dict):
        raise Hint(f"A usage is a dictionary, and yours is {type(found).__name__}.")
    for name, now, then in zip(("first", "second"), kept, (first, second), strict=True):
        if now != then:
            raise Hint(f"Your function changed the {name} bill, which somebody may still need. Make a new dictionary.")
    if found.get("prompt_tokens") in (300, 500):
        raise Hint("One bill has replaced the other. Each field is the sum of both.")
    if set(found) != {*first, *second}:
        lost = ", ".join(sorted({*first, *second} ^ set(found)))
        raise Hint(f"A field that only one bill has is lost: {lost}. Its missing half counts as 0.")
    if any(isinstance(value, str) for value in found.values()):
        raise Hint("A usage holds numbers, and yours holds text.")
    for name, value in found.items():
        if not isinstance(value, int | float):
            raise Hint(f"A usage holds numbers, and yours has {value!r} as {name}. Add the two up.")
    wanted = {"prompt_tokens": 800, "completion_tokens": 100, "cost_usd": 0.00018, "sandbox_seconds": 1.5}
    for name, value in wanted.items():
        if abs(found[name] - value) > 1e-12:
            raise Hint(f"The {name} of both together is {value}, and yours says {found[name]}.")
    if set(added(dict(second), dict(first))) != {*first, *second}:
        raise Hint("With the two bills the other way round, a field is lost.")
    found = added({"prompt_tokens": 7, "cost_usd": 0}, {"prompt_tokens": 5, "cost_usd": 0})
    if found.get("prompt_tokens") != 12:
        raise Hint(f"7 and 5 prompt tokens are 12, and yours says {found}. Does it look at the bills that it gets?")
    if found.get("cost_usd") != 0:
        raise Hint("A cost that is 0 in both bills must still be reported. Yours leaves it out: it counts as missing.")
    one, other = {"cost_usd": 0.0000012, "searches": 0, "pages": 2}, {"cost_usd": 0.0000013, "cached_tokens": 0}
    found = added(dict(one), dict(other))
    if not isinstance(found, dict) or set(found) != {*one, *other}:
        raise Hint("Bills may have other fields: here searches, pages and cached_tokens. Take their names.")
    if found["searches"] != 0 or found["cached_tokens"] != 0:
        both = f"{found['searches']} and {found['cached_tokens']}"
        raise Hint(f"0 searches in one bill and no such field in the other make 0, not None: yours says {both}.")
    if found["pages"] != 2:
        raise Hint(f"2 pages in one bill and no such field in the other make 2, and yours says {found['pages']}.")
    if abs(found["cost_usd"] - 0.0000025) > 1e-12:
        raise Hint(f"Costs of 0.0000012 and 0.0000013 make 0.0000025, and yours says {found['cost_usd']}: rounded?")
    few = {"prompt_tokens": 5}
    if added({}, dict(few)) != few or added(dict(few), {}) != few:
        raise Hint("An empty bill adds nothing: together with a bill of 5 prompt tokens, the sum is that bill.")
    return "800 prompt tokens, 100 completion tokens, $0.00018."


# %% mistakes
MISTAKES = {
    "def added(first, second):\n    return sum(first.values()) + sum(second.values())": "is a dictionary",
    "def added(first, second):\n    return {**first, **second}": "has replaced the other",
    "def added(first, second):\n    return {n: first[n] + second[n] for n in first}": "only one bill has",
    "def added(first, second):\n    return {n: first[n] + second[n] for n in {**first, **second}}": "counts as 0",
    "def added(first, second):\n"
    "    for n, v in second.items():\n"
    "        first[n] = first.get(n, 0) + v\n"
    "    return first": "changed the first bill",
    "def added(first, second):\n"
    "    for n, v in first.items():\n"
    "        second[n] = second.get(n, 0) + v\n"
    "    return second": "changed the second bill",
    "def added(first, second):\n    return {n: first.get(n, 0) + v for n, v in second.items()}": "the other way round",
    "def added(first, second):\n"
    "    return {n: int(first.get(n, 0) + second.get(n, 0)) for n in {**first, **second}}": "cost_usd of both",
    "def added(first, second):\n"
    "    return {'prompt_tokens': 800, 'completion_tokens': 100, 'cost_usd': 0.00018, 'sandbox_seconds': 1.5}":
        "the bills that it gets",
    "from collections import Counter\n"
    "def added(first, second):\n    return Counter(first) + Counter(second)": "leaves it out",
    """def added(first, second):
    return {n: round(first.get(n, 0) + second.get(n, 0), 5) for n in {**first, **second}}
""": "rounded?",
    """def added(first, second):
    names = ['prompt_tokens', 'completion_tokens', 'cost_usd', 'sandbox_seconds']
    return {n: first.get(n, 0) + second.get(n, 0) for n in names}
""": "may have other fields",
    """def added(first, second):
    both = {n: first[n] + second[n] for n in first if n in second}
    return {n: first.get(n) or second.get(n) for n in {**first, **second}} | both
""": "make 0, not None",
    """def added(first, second):
    return {n: [first.get(n), second.get(n)] for n in {**first, **second}}
""": "Add the two up",
}
