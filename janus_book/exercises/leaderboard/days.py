"""Count the days at #1.

Write `days_at_1(reigns, name)`: how many days `name` was #1 in all. `reigns` is a list of triples: name, day on
which the reign began, day on which it ended; the last one has None as its end, and goes on until day `today`.
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
    found = days_at_1(reigns, "mine", 20)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Add up the lengths of the reigns that bear the name.")
    if found == 9:
        raise Hint("'mine' was #1 twice: the days of its first reign, 2 to 5, are missing.")
    if found == 3:
        raise Hint("The reign that goes on has no end yet: until today, day 20, it has lasted 9 days.")
    if found != 12:
        raise Hint(f"'mine' reigned from day 2 to 5 and from 11 to 20, which makes 12 days; yours says {found}.")
    if days_at_1(reigns, "echo", 20) != 2 or days_at_1(reigns, "nobody", 20) != 0:
        raise Hint("'echo' had two days, and somebody who never was #1 had none.")
    return "3 days and 9 days: a reign that was lost still counts."


# %% mistakes
MISTAKES = {
    "def days_at_1(reigns, name, today):\n"
    "    return sum(e - b for w, b, e in reigns if w == name and e is not None)": "goes on has no end yet",
    "def days_at_1(reigns, name, today):\n"
    "    return {w: (today if e is None else e) - b for w, b, e in reigns}.get(name, 0)": "first reign",
    "def days_at_1(reigns, name, today):\n"
    "    return today - min(b for w, b, e in reigns if w == name)": "makes 12 days",
    "def days_at_1(reigns, name, today):\n    return 12": "had two days",
}
