"""Learned, or learned by heart?

A suite has questions that never change, and questions whose numbers and names the seed draws. Write `by_heart(rows)`:
by how much the share of right answers is higher among the first than among the second, from −1 to 1; None where a run
has none of one kind. Each row has `drawn` and `right`, both True or False.
"""

from janus_book.exercise import Hint


# %% answer
def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    ### BEGIN SOLUTION
    drawn = [row["right"] for row in rows if row["drawn"]]
    if not fixed or not drawn:
        return None
    return sum(fixed) / len(fixed) - sum(drawn) / len(drawn)
    ### END SOLUTION


# %% check
def check(by_heart):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def rows(fixed_right, fixed_wrong, drawn_right, drawn_wrong):
        kinds = [(False, True)] * fixed_right + [(False, False)] * fixed_wrong
        kinds += [(True, True)] * drawn_right + [(True, False)] * drawn_wrong
        return [{"item": f"q{n}", "drawn": drawn, "right": right} for n, (drawn, right) in enumerate(kinds)]

    for counts, true in (
        ((3, 1, 1, 4), 0.55),
        ((2, 2, 5, 5), 0.0),
        ((0, 4, 4, 0), -1.0),
        ((4, 0, 0, 6), 1.0),
        ((1, 3, 6, 2), -0.5),
    ):
        said = by_heart(rows(*counts))
        expect(said, (float, int), "by_heart", "Among the questions that never change, which share is right?")
        fr, fw, dr, dw = counts
        what = f"{fr} of {fr + fw} fixed questions are right, and {dr} of {dr + dw} drawn ones"
        if abs(said - true) > 1e-9:
            if abs(said + true) < 1e-9:
                raise Hint(f"{what}; by_heart gave {said:.2f}. That is the difference the wrong way round.")
            if abs(said - (fr - dr)) < 1e-9:
                raise Hint(f"{what}; by_heart gave {said:g}. That compares counts, and there are not as many of each.")
            if abs(said - fr / (fr + fw)) < 1e-9:
                raise Hint(f"{what}; by_heart gave {said:.2f}. That is the share of the fixed ones alone.")
            if abs(said - 100 * true) < 1e-6:
                raise Hint(f"{what}; by_heart gave {said:g}: percent. A number from −1 to 1 is wanted.")
            raise Hint(f"{what}: the shares differ by {true:.2f}, and by_heart gave {said:.2f}.")
    for counts, what in (((3, 1, 0, 0), "no question that the seed draws"), ((0, 0, 2, 2), "no fixed question")):
        try:
            said = by_heart(rows(*counts))
        except ZeroDivisionError:
            raise Hint(f"A run with {what}: yours divides by 0. Nothing can be compared there: None.") from None
        if said is not None:
            raise Hint(f"A run with {what}: nothing can be compared, and by_heart gave {said!r}.")
    found = {name: by_heart(run) for name, run in recorded("find_the_cheat")["rows"].items()}
    return f"The left run comes to {found['left']:+.2f}, the right one to {found['right']:+.2f}."


# %% mistakes
MISTAKES = {
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    return sum(fixed) / len(fixed)
""": "the fixed ones alone",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(fixed) - sum(drawn)
""": "That compares counts",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(drawn) / len(drawn) - sum(fixed) / len(fixed)
""": "the wrong way round",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(fixed) / len(fixed) - sum(drawn) / len(drawn)
""": "yours divides by 0",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return 100 * (sum(fixed) / len(fixed) - sum(drawn) / len(drawn))
""": "A number from −1 to 1",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(fixed) / len(rows) - sum(drawn) / len(rows)
""": "the shares differ by",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(fixed) / max(1, len(fixed)) - sum(drawn) / max(1, len(drawn))
""": "nothing can be compared",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return sum(fixed) / len(fixed) > sum(drawn) / len(drawn)
""": "Wanted is a number",
    """def by_heart(rows):
    fixed = [row for row in rows if not row["drawn"] and row["right"]]
    drawn = [row for row in rows if row["drawn"] and row["right"]]
    return len(fixed) / len(drawn)
""": "the shares differ by",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return max(0, sum(fixed) / len(fixed) - sum(drawn) / len(drawn))
""": "0 of 4 fixed questions are right",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    return abs(sum(fixed) / len(fixed) - sum(drawn) / len(drawn))
""": "the wrong way round",
    """def by_heart(rows):
    return [row for row in rows if row["right"] and not row["drawn"]]
""": "Wanted is a number",
    """def by_heart(rows):
    fixed = [row["right"] for row in rows if not row["drawn"]]
    drawn = [row["right"] for row in rows if row["drawn"]]
    if not fixed:
        return None
    return sum(fixed) / len(fixed) - sum(drawn) / len(drawn)
""": "no question that the seed draws",
}
