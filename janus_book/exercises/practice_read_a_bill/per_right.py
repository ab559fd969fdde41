"""What does a right answer cost?

Write `per_right(rows)`: the US dollars of all answers of a run, the wrong ones too, for each right one; None where
none was right. Each row has `usd`, what the answer cost, and `right`, True or False.
"""

from janus_book.exercise import Hint


# %% answer
def per_right(rows):
    ### BEGIN SOLUTION
    right = sum(row["right"] for row in rows)
    return sum(row["usd"] for row in rows) / right if right else None
    ### END SOLUTION


# %% check
def check(per_right):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def rows(right, wrong):
        made = [{"usd": usd, "right": True} for usd in right]
        return made + [{"usd": usd, "right": False} for usd in wrong]

    for right, wrong, true, why in (
        ([0.25], [], 0.25, "One right answer for 0.25."),
        ([0.25, 0.75], [], 0.5, "Two right answers for 1 in all."),
        ([0.25], [0.25, 0.5], 1.0, "The two wrong ones were paid as well: 1 in all, for one right answer."),
        ([0.0, 0.5], [0.25], 0.375, "A right answer that cost nothing is a right answer: 0.75 for two."),
        ([0.0, 0.0], [0.0], 0.0, "Nothing was spent, and two are right: 0."),
    ):
        said = per_right(rows(right, wrong))
        if said is None and not any(right):
            raise Hint(f"{why} Yours gives None, which is for a run without any right answer.")
        expect(said, (float, int), "per_right", "What did all answers cost together, and how many of them are right?")
        if abs(said - true) > 1e-9:
            raise Hint(f"{why} per_right gave {said:g}, and it is {true:g}.")
    for made, what in ((rows([], [0.5, 0.5]), "A run without a right answer"), ([], "A run without answers")):
        try:
            said = per_right(made)
        except ZeroDivisionError:
            raise Hint(f"{what}: yours divides by 0. No money buys a right answer there: None.") from None
        if said is not None:
            raise Hint(f"{what}: no money buys a right answer there, so None, and per_right gave {said!r}.")
    runs = recorded("read_a_bill")["runs"]
    found = {name: per_right(run) for name, run in runs.items()}
    shown = ", ".join(f"{name} {'—' if usd is None else f'{1e6 * usd:.0f}'}" for name, usd in found.items())
    return f"Millionths of a dollar for a right answer: {shown}."


# %% mistakes
MISTAKES = {
    "def per_right(rows):\n    return sum(row['usd'] for row in rows)": "Two right answers for 1",
    "def per_right(rows):\n    return sum(row['usd'] for row in rows) / len(rows)": "were paid as well",
    "def per_right(rows):\n    return sum(row['usd'] for row in rows if row['right'])": "Two right answers",
    "def per_right(rows):\n    return sum(r['usd'] for r in rows) / sum(r['right'] for r in rows)": "divides by 0",
    "def per_right(rows):\n    return sum(r['usd'] for r in rows) / max(1, sum(r['right'] for r in rows))": "so None",
    "def per_right(rows):\n    return [row['usd'] for row in rows if row['right']]": "Wanted is a number",
    "def per_right(rows):\n    return min(row['usd'] for row in rows if row['right'])": "Two right answers",
    "def per_right(rows):\n    return sum(r['right'] for r in rows) / sum(r['usd'] for r in rows)": "per_right gave 4",
    """def per_right(rows):
    right = [row for row in rows if row["right"]]
    return sum(row["usd"] for row in right) / len(right) if right else None
""": "were paid as well",
    """def per_right(rows):
    right = [row for row in rows if row["right"] and row["usd"]]
    return sum(row["usd"] for row in rows) / len(right) if right else None
""": "cost nothing is a right answer",
    """def per_right(rows):
    right = sum(row["right"] for row in rows)
    return sum(row["usd"] for row in rows) / right if right else float("inf")
""": "so None",
    """def per_right(rows):
    right, usd = sum(row["right"] for row in rows), sum(row["usd"] for row in rows)
    return usd / right if right and usd else None
""": "Yours gives None",
    """def per_right(rows):
    right = sum(row["right"] for row in rows)
    return 1e6 * sum(row["usd"] for row in rows) / right if right else None
""": "and it is 0.25",
}
