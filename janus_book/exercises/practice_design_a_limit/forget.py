"""Whom to forget.

A limiter keeps, for each caller, when its counted requests stop counting. That table must not grow for ever, and who
is forgotten starts afresh. Write `forget(table, now, most)`: the list of callers to drop so that at most `most` stay.
First those with nothing left that counts; then those with the fewest that count. Drop nobody while there is room.
"""

from janus_book.exercise import Hint


# %% answer
def forget(table, now, most):
    too_many = len(table) - most
    ### BEGIN SOLUTION
    def counted(caller):
        return sum(end > now for end in table[caller])

    return sorted(table, key=counted)[: max(0, too_many)]
    ### END SOLUTION


# %% check
def check(forget):
    from janus_book.checking import expect

    def asked(table, now, most):
        before = {name: list(ends) for name, ends in table.items()}
        said = forget(table, now, most)
        expect(said, list, "forget", "For each caller, how many of its requests still count?")
        if table != before:
            raise Hint("Your function changed the table. It only says whom to drop.")
        if unknown := [name for name in said if not isinstance(name, str)]:
            raise Hint(f"forget names {str(unknown[0])[:40]}: names of callers are wanted.")
        if strangers := [name for name in said if name not in before]:
            raise Hint(f"forget names {strangers[0]!r}, which is not a caller in the table.")
        if len(set(said)) != len(said):
            raise Hint(f"forget names {said[0]!r} twice.")
        return said

    def counted(table, name, now):
        return sum(end > now for end in table[name])

    small = {"anna": [65], "ben": [70, 71]}
    if said := asked(small, 30, 2):
        raise Hint(f"Two callers, and two may stay: nobody need be dropped, and forget names {', '.join(said)}.")
    idle = {"anna": [65, 66, 67], "ben": [10, 11, 12, 13], "cleo": [64]}
    said = asked(idle, 30, 2)
    if len(said) != 1:
        raise Hint(f"Three callers, and two may stay: one has to go, and forget names {len(said)}.")
    if said != ["ben"]:
        raise Hint("ben's four requests stopped counting by 13, now it is 30, "
f"and you drop {said[0]}. ben loses nothing.")
    edge = {"anna": [30, 30], "ben": [31]}
    if asked(edge, 30, 1) != ["anna"]:
        raise Hint("A request that stops counting at 30 counts no longer at 30.")
    attack = {"greedy": [61 + n / 10 for n in range(20)], **{f"new-{n}": [80 + n / 1000] for n in range(1000)}}
    said = asked(attack, 30, 100)
    if "greedy" in said:
        raise Hint(
            "A caller used up its 20 requests, then made a thousand names, "
"each of which sent one. You drop the caller: "
            "it starts afresh, and has 20 more. Whoever has the fewest that count loses the least of the limit."
        )
    if len(said) != 901:
        raise Hint(f"1001 callers, and 100 may stay: 901 have to go, and forget names {len(said)}.")
    mixed = {f"c{n}": [100 + i for i in range(n % 7)] + [5] * (9 - n % 7) for n in range(40)}
    said = asked(mixed, 50, 15)
    kept = [name for name in mixed if name not in said]
    if max(counted(mixed, name, 50) for name in said) > min(counted(mixed, name, 50) for name in kept):
        raise Hint("One was dropped that has more that count than one that stays. Do old requests weigh in yours?")
    if said := asked({**small, "cleo": [64]}, 30, 4):
        raise Hint(f"Three callers, and four may stay: nobody need be dropped, and forget names {', '.join(said)}.")
    return "A thousand made-up names, and the caller whose limit is used up is still known."


# %% mistakes
MISTAKES = {
    "def forget(table, now, most):\n    return list(table)[: len(table) - most]": "ben loses nothing",
    "def forget(table, now, most):\n    return list(table)[most:]": "ben loses nothing",
    "def forget(table, now, most):\n    return sorted(table, key=lambda one: len(table[one]))[: len(table) - most]": (
        "ben loses nothing"
    ),
    """def forget(table, now, most):
    return sorted(table, key=lambda one: max(table[one]))[: len(table) - most]
""": "You drop the caller",
    """def forget(table, now, most):
    return sorted(table, key=lambda one: min(table[one]))[: len(table) - most]
""": "You drop the caller",
    """def forget(table, now, most):
    return [one for one in table if max(table[one]) <= now]
""": "901 have to go",
    """def forget(table, now, most):
    return sorted(table, key=lambda one: sum(end > now for end in table[one]))
""": "nobody need be dropped",
    """def forget(table, now, most):
    return sorted(table, key=lambda one: sum(end > now for end in table[one]))[: len(table) - most]
""": "four may stay",
    """def forget(table, now, most):
    count = max(0, len(table) - most)
    return sorted(table, key=lambda one: sum(end >= now for end in table[one]))[:count]
""": "counts no longer at 30",
    """def forget(table, now, most):
    count = max(0, len(table) - most)
    order = sorted(table, key=lambda one: sum(end > now for end in table[one]), reverse=True)
    return order[:count]
""": "ben loses nothing",
    """def forget(table, now, most):
    count = max(0, len(table) - most)
    for name in sorted(table, key=lambda one: sum(end > now for end in table[one]))[:count]:
        del table[name]
    return []
""": "changed the table",
    """def forget(table, now, most):
    return max(0, len(table) - most)
""": "Wanted is a list",
    """def forget(table, now, most):
    order = sorted(table, key=lambda one: sum(end > now for end in table[one]))
    return order[:1] if len(table) > most else []
""": "forget names 1",
    """def forget(table, now, most):
    count = max(0, len(table) - most)
    return [table[one] for one in sorted(table, key=lambda one: sum(end > now for end in table[one]))[:count]]
""": "names of callers are wanted",
    """def forget(table, now, most):
    count = max(0, len(table) - most)
    return ["nobody"] * count
""": "not a caller in the table",
}
