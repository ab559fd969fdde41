"""Share it fairly.

Several callers want more than there is. Write `shares(wanted, there_is)`: how much each gets. `wanted` is a
dictionary from caller to how much it wants. Nobody gets more than it wants; whoever wants less than an equal share
gets all of it; what that leaves is shared equally among the others. If there is enough for all, all get what they
want.
"""

from janus_book.exercise import Hint


# %% answer
def shares(wanted, there_is):
    given, left = {}, there_is
    ### BEGIN SOLUTION
    for rank, caller in enumerate(sorted(wanted, key=wanted.get)):
        equal = left / (len(wanted) - rank)
        given[caller] = min(wanted[caller], equal)
        left -= given[caller]
    return given
    ### END SOLUTION


# %% check
def check(shares):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def asked(wanted, there_is, true, why):
        before = dict(wanted)
        said = shares(wanted, there_is)
        begin = "Begin with the caller that wants least. What is an equal share of what is left?"
        expect(said, dict, "shares", begin)
        if wanted != before:
            raise Hint("Your function changed the dictionary that it was given. Make one of your own.")
        if not said and before:
            raise Hint(f"Everybody is to get something, and shares gave {said!r}. {begin}")
        asked_for = ", ".join(f"{name} wants {amount:g}" for name, amount in before.items())
        what = f"{asked_for}; there are {there_is:g}."
        if set(said) != set(before):
            raise Hint(f"{what} shares names {', '.join(map(str, said)) or 'nobody'}: every caller has a share, once.")
        total = sum(said.values())
        shown = ", ".join(f"{name} {amount:g}" for name, amount in said.items())
        if total > there_is + 1e-9:
            raise Hint(f"{what} You hand out {total:g}: {shown}. That is more than there is.")
        if over := [name for name in said if said[name] > before[name] + 1e-9]:
            raise Hint(f"{what} You give {over[0]} {said[over[0]]:g}, more than "
"it wants, and somebody else goes short.")
        if any(abs(said[name] - true[name]) > 1e-9 for name in true):
            raise Hint(f"{what} You give {shown}. {why}")

    asked({"a": 10, "b": 10}, 10, {"a": 5, "b": 5}, "Both want the same, so half each.")
    asked({"a": 2, "b": 3}, 10, {"a": 2, "b": 3}, "There is enough for all.")
    asked({"a": 90, "b": 4}, 20, {"a": 16, "b": 4}, "b wants less than half: it gets all of it, and a the rest.")
    asked(
        {"a": 1, "b": 5, "c": 100, "d": 100},
        18,
        {"a": 1, "b": 5, "c": 6, "d": 6},
        "After a, an equal share of the 17 left is 5.67, so b gets its 5; what is left is halved.",
    )
    asked({"c": 100, "a": 2, "b": 6}, 12, {"a": 2, "b": 5, "c": 5}, "What a leaves is shared by both others equally.")
    asked({"a": 7}, 3, {"a": 3}, "Alone, a gets what there is.")
    asked({}, 3, {}, "Nobody wants anything.")
    wanted = {name: sum(time < 1 for time in times) for name, times in recorded("design_a_limit")["sent"].items()}
    said = shares(wanted, 40)
    if abs(sum(said.values()) - min(40, sum(wanted.values()))) > 1e-9:
        raise Hint(f"Three runs wanted {wanted}; of 40 you hand out {sum(said.values()):g}.")
    least = min(wanted, key=wanted.get)
    return (f"Of 40, the runs get {', '.join(f'{name} {amount:g}' for name, amount in said.items())}: "
f"{least} all it wants.")


# %% mistakes
MISTAKES = {
    "def shares(wanted, there_is):\n    return {name: there_is / len(wanted) for name in wanted}": "more than it wants",
    """def shares(wanted, there_is):
    return {name: min(wanted[name], there_is / len(wanted)) for name in wanted}
""": "it gets all of it, and a the rest",
    """def shares(wanted, there_is):
    total = sum(wanted.values())
    return {name: there_is * amount / total for name, amount in wanted.items()}
""": "more than it wants",
    """def shares(wanted, there_is):
    total = sum(wanted.values()) or 1
    return {name: min(1, there_is / total) * amount for name, amount in wanted.items()}
""": "b wants less than half",
    "def shares(wanted, there_is):\n    return wanted": "more than there is",
    """def shares(wanted, there_is):
    given = {}
    for name, amount in wanted.items():
        given[name] = min(amount, there_is)
        there_is -= given[name]
    return given
""": "half each",
    """def shares(wanted, there_is):
    given, left = {}, there_is
    for rank, name in enumerate(wanted):
        given[name] = min(wanted[name], left / (len(wanted) - rank))
        left -= given[name]
    return given
""": "it gets all of it, and a the rest",
    """def shares(wanted, there_is):
    given, left = {}, there_is
    for rank, name in enumerate(sorted(wanted, key=wanted.get, reverse=True)):
        given[name] = min(wanted[name], left / (len(wanted) - rank))
        left -= given[name]
    return given
""": "it gets all of it, and a the rest",
    """def shares(wanted, there_is):
    given, left = {}, there_is
    for name in sorted(wanted, key=wanted.get):
        given[name] = min(wanted[name], left / len(wanted))
        left -= given[name]
    return given
""": "half each",
    """def shares(wanted, there_is):
    given, left = {}, there_is
    for rank, name in enumerate(sorted(wanted)):
        given[name] = min(wanted[name], left // (len(wanted) - rank))
        left -= given[name]
    return given
""": "it gets all of it, and a the rest",
    """def shares(wanted, there_is):
    equal = there_is / len(wanted)
    small = {name: amount for name, amount in wanted.items() if amount <= equal}
    rest = (there_is - sum(small.values())) / max(1, len(wanted) - len(small))
    return {name: wanted[name] if name in small else rest for name in wanted}
""": "more than it wants",
    """def shares(wanted, there_is):
    given = {}
    while wanted:
        name = min(wanted, key=wanted.get)
        given[name] = min(wanted[name], there_is / len(wanted))
        there_is -= given[name]
        del wanted[name]
    return given
""": "changed the dictionary",
    """def shares(wanted, there_is):
    return list(wanted.values())
""": "Wanted is a dictionary",
    """def shares(wanted, there_is):
    name = min(wanted, key=wanted.get)
    return {name: wanted[name]}
""": "every caller has a share",
}
