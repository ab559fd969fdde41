"""Count the days at #1.

Write `days_at_1(reigns, name)`: how many days `name` was #1 in all. `reigns` is a list of triples: name, day on
which the reign began, day on which it ended; the last one has None as its end, and lasts until day `today`.
"""

from janus_book.exercise import Hint


# %% answer
def days_at_1(reigns, name, today):
    ### BEGIN SOLUTION
    return sum(
        (today if end is None else end) - begin
        for who, begin, end in reigns
        if who == name
    )
    ### END SOLUTION


# %% check
def check(days_at_1):
    reigns = [("echo", 0, 2), ("mine", 2, 5), ("research", 5, 11), ("mine", 11, None)]
    given = list(reigns)
    try:
        found = days_at_1(given, "mine", 20)
    except TypeError as error:
        if "NoneType" not in str(error):
            raise
        raise Hint("The last reign has None as its end, which is not a number. Until when does it last?") from None
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Add up the lengths of the reigns that bear the name.")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Hint(f"A number of days is wanted, and yours is {type(found).__name__}.")
    if given != reigns:
        raise Hint("Your function changed the list of reigns. Leave it as it was.")
    if found == 9:
        raise Hint("'mine' was #1 twice: the days of its first reign, 2 to 5, are missing.")
    if found == 3:
        raise Hint("The current reign has no end yet: until today, day 20, it has lasted 9 days.")
    if found == 14:
        raise Hint("From day 2 to day 5 are 3 days, and yours counts 4: the day on which it ends is the next one's.")
    if found != 12:
        raise Hint(f"'mine' reigned from day 2 to 5 and from 11 to 20, which makes 12 days; yours says {found}.")
    try:
        days_at_1(list(reigns), "nobody", 20)
    except (LookupError, ValueError) as error:
        raise Hint(f"Somebody who was never #1 had no days, but yours ends in {type(error).__name__}.") from None
    if days_at_1(list(reigns), "echo", 20) != 2 or days_at_1(list(reigns), "nobody", 20) != 0:
        raise Hint("'echo' had two days, and somebody who never was #1 had none.")
    if (found := days_at_1(list(reigns), "mine", 30)) != 22:
        raise Hint(f"Ten days later 'mine' has 22 days, and yours says {found}. `today` is not always 20.")
    if (found := days_at_1([("mine-2", 0, 4), ("mine", 4, None)], "mine", 6)) != 2:
        raise Hint(f"'mine-2' is somebody else: here 'mine' has 2 days, and yours says {found}.")
    if (found := days_at_1([("mine", 0, 0), ("echo", 0, None)], "mine", 6)) != 0:
        raise Hint(f"A reign from day 0 to day 0 has lasted 0 days, not {found}. 0 is an end; None means no end.")
    return "3 days and 9 days: a reign that was lost still counts."


# %% mistakes
MISTAKES = {
    "def days_at_1(reigns, name, today):\n"
    "    return sum(e - b for w, b, e in reigns if w == name and e is not None)": "current reign has no end yet",
    "def days_at_1(reigns, name, today):\n"
    "    return sum(e - b for w, b, e in reigns if w == name)": "Until when does it last",
    "def days_at_1(reigns, name, today):\n"
    "    return {w: (today if e is None else e) - b for w, b, e in reigns}.get(name, 0)": "first reign",
    "def days_at_1(reigns, name, today):\n"
    "    return today - min(b for w, b, e in reigns if w == name)": "makes 12 days",
    "def days_at_1(reigns, name, today):\n"
    "    return sum((today if e is None else e) - b + 1 for w, b, e in reigns if w == name)": "yours counts 4",
    "def days_at_1(reigns, name, today):\n"
    "    return [(today if e is None else e) - b for w, b, e in reigns if w == name]": "yours is list",
    "def days_at_1(reigns, name, today):\n"
    "    who, begin, _ = reigns.pop()\n"
    "    reigns.append((who, begin, today))\n"
    "    return sum(e - b for w, b, e in reigns if w == name)": "Leave it as it was",
    "def days_at_1(reigns, name, today):\n    return 12": "had two days",
    "def days_at_1(reigns, name, today):\n    return {'mine': 12, 'echo': 2}.get(name, 0)": "Ten days later",
    "def days_at_1(reigns, name, today):\n"
    "    return sum((today if e is None else e) - b for w, b, e in reigns if name in w)": "somebody else",
    "def days_at_1(reigns, name, today):\n"
    "    return sum((e or today) - b for w, b, e in reigns if w == name)": "0 is an end",
    """def days_at_1(reigns, name, today):
    days = {}
    for who, begin, end in reigns:
        days[who] = days.get(who, 0) + (today if end is None else end) - begin
    return days[name]
""": "ends in KeyError",
    """def days_at_1(reigns, name, today):
    return sum((today if e is None else e) - b for w, b, e in reigns if w == name) or None
""": "never was #1 had none",
}
