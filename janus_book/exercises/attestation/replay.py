"""Replay a register.

Write `replay(events)`: the value of a register, as hexadecimal digits, after all these events in their order. A
register starts as `START`, and `extend(value, event)` returns its next value. `value.hex()` writes bytes as digits.
"""

from janus_platform.attestation import START, extend

from janus_book.exercise import Hint


# %% answer
def replay(events):
    value = START
    ### BEGIN SOLUTION
    for event in events:
        value = extend(value, event)
    return value.hex()
    ### END SOLUTION


# %% check
def check(replay):
    from janus_platform.attestation import Event, EventLog
    from janus_platform.contract import load_contract

    names = load_contract().attestation.registers
    try:
        start = replay([])
    except LookupError as error:
        raise Hint(
            f"Without any events yours ended in {error}, since there is no first one. Begin with "
            "`START`."
        ) from None
    if start is None:
        raise Hint("Your function returns nothing yet. What is the value of a register before any event?")
    if isinstance(start, bytes):
        raise Hint("That is bytes. Write it as digits: `.hex()`.")
    if not isinstance(start, str):
        raise Hint(f"Return one value, as digits, after all events: yours is {type(start).__name__}.")
    if start != START.hex():
        raise Hint("Before any event a register keeps its first value, `START`.")
    two = [Event("code", "a.py", "one"), Event("code", "b.py", "two")]
    wanted = EventLog(names, two).registers()["code"]
    given = list(two)
    try:
        found = replay(given)
    except AttributeError as error:
        raise Hint(f"`extend` was called with the wrong arguments: {error}. The value comes first.") from None
    if given != two:
        raise Hint("Your function took events out of the list it was given. Loop over them with `for`.")
    if found == start:
        raise Hint("Two events came, and the register has not moved. `extend` returns the next value: keep it.")
    if found == extend(START, two[-1]).hex():
        raise Hint("That contains only the last event. Extend the value after the events before it, not `START`.")
    if found == EventLog(names, two[::-1]).registers()["code"]:
        raise Hint("That is another order. Take the events in the order given.")
    if found == extend(START, two[0]).hex():
        raise Hint("That contains only the first event. Does the function return inside the loop?")
    if found == wanted.upper():
        raise Hint("The value is right, but its digits are capitals. Leave them as `.hex()` writes them.")
    if found != wanted:
        raise Hint(f"After two events it is {wanted[:12]}…, and yours is {str(found)[:12]}…. Is every event used once?")
    three = [*two, two[0]]
    if replay(list(three)) != EventLog(names, three).registers()["code"]:
        raise Hint("It is right for two events. A third event that repeats the first extends the register once more.")
    return f"Two events lead to {found[:12]}…, and no event to {start[:12]}…."


# %% mistakes
MISTAKES = {
    "def replay(events):\n    return START": "Write it as digits",
    "def replay(events):\n    return 'x'": "keeps its first value",
    "def replay(events):\n    value = START\n    for event in events:\n        value = extend(START, event)\n"
    "    return value.hex()": "only the last event",
    "def replay(events):\n    value = START\n    for event in reversed(events):\n        value = extend(value, event)\n"
    "    return value.hex()": "another order",
    "def replay(events):\n    value = START\n    for event in events:\n        value = extend(value, event)\n"
    "        return value.hex()\n    return value.hex()": "only the first event",
    "def replay(events):\n    value = START\n    for event in [*events, *events]:\n"
    "        value = extend(value, event)\n    return value.hex()": "used once",
    "def replay(events):\n    value = START\n    for event in events:\n        extend(value, event)\n"
    "    return value.hex()": "has not moved",
    "def replay(events):\n    value = START\n    while events:\n        value = extend(value, events.pop(0))\n"
    "    return value.hex()": "out of the list",
    "def replay(events):\n    value = extend(START, events[0])\n    for event in events[1:]:\n"
    "        value = extend(value, event)\n    return value.hex()": "there is no first one",
    "def replay(events):\n    return [extend(START, event).hex() for event in events]": "yours is list",
    "def replay(events):\n    value = START\n    for event in events:\n        value = extend(value, event)\n"
    "    return value.hex().upper()": "digits are capitals",
    "def replay(events):\n    value = START\n    for event in dict.fromkeys(events):\n"
    "        value = extend(value, event)\n    return value.hex()": "extends the register once more",
    """def replay(events):
    value = START
    for event in events:
        value = extend(event, value)
    return value.hex()
""": "The value comes first",
    """def replay(events):
    value = START
    for event in sorted(events, key=lambda one: one.name):
        value = extend(value, event)
    return value.hex()
""": "extends the register once more",
}
