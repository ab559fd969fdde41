"""Tell luck from progress.

Write `verdict(difference)`: what a comparison says about one score. `difference.low` and `difference.high` are
the ends of the 95 % interval of B − A. Return `"better"` if all of it is above 0, `"worse"` if all of it is below, and
`"cannot tell"` otherwise.
"""

from janus_book.exercise import Hint


# %% answer
def verdict(difference):
    ### BEGIN SOLUTION
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "cannot tell"
    ### END SOLUTION


# %% check
def check(verdict):
    from janus_bench.scoring.intervals import Difference

    cases = (
        ((12.0, 4.0, 20.0), "better"),
        ((-9.0, -15.0, -2.0), "worse"),
        ((9.0, -3.0, 21.0), "cannot tell"),
        ((-5.0, -12.0, 3.0), "cannot tell"),
        ((0.0, 0.0, 0.0), "cannot tell"),
        ((0.5, 0.1, 0.9), "better"),
        ((-0.5, -0.9, -0.1), "worse"),
        ((20.0, -1.0, 41.0), "cannot tell"),
        ((5.0, 0.0, 10.0), "cannot tell"),
        ((-5.0, -10.0, 0.0), "cannot tell"),
        ((0.03, 0.01, 0.05), "better"),
        ((-0.03, -0.05, -0.01), "worse"),
    )
    why = {
        "better": "Its lower end lies above 0.",
        "worse": "Its upper end lies below 0.",
        "cannot tell": "0 is not outside of it.",
    }
    for (effect, low, high), wanted in cases:
        try:
            found = verdict(Difference("composite", 40.0, 40.0 + effect, effect, low, high, 0.5))
        except TypeError as error:
            if "subscriptable" not in str(error):
                raise
            raise Hint(f"{error}: it is not a dictionary. Its ends come behind a dot, as in the task.") from None
        shown = f"{effect:+g} with an interval from {low:+g} to {high:+g}"
        if found is ... or (found is None and wanted == "better"):
            raise Hint("Your function returns nothing yet. On which side of 0 does the whole interval lie?")
        if found is None:
            raise Hint(f"For {shown} your function returns nothing. Every path through it must return a word.")
        if str(found).lower() == wanted and found != wanted:
            raise Hint(f"You return {found!r}, and the word is {wanted!r}, in small letters.")
        if found != wanted:
            raise Hint(f"An effect of {shown} is {wanted!r}, not {found!r}. {why[wanted]}")
    return "A difference counts when its whole interval is on one side of 0."


# %% mistakes
MISTAKES = {
    "def verdict(difference):\n    return 'better' if difference.effect > 0 else 'worse'": "'cannot tell'",
    "def verdict(difference):\n"
    "    if difference.high > 0:\n"
    "        return 'better'\n"
    "    return 'worse' if difference.low < 0 else 'cannot tell'": "not 'better'",
    "def verdict(difference):\n"
    "    if difference.low >= 0:\n"
    "        return 'better'\n"
    "    return 'worse' if difference.high < 0 else 'cannot tell'": "from +0 to +0",
    "def verdict(difference):\n"
    "    if difference.low > 0:\n"
    "        return 'better'\n"
    "    if difference.high < 0:\n"
    "        return 'worse'": "Every path through it",
    "def verdict(difference):\n    return difference.low > 0": "not True",
    "def verdict(difference):\n"
    "    if difference.low > 0:\n"
    "        return 'Better'\n"
    "    return 'Worse' if difference.high < 0 else 'Cannot tell'": "in small letters",
    "def verdict(difference):\n"
    "    if difference.effect > 10:\n"
    "        return 'better'\n"
    "    return 'worse' if difference.effect < -6 else 'cannot tell'": "+0.5 with an interval",
    "def verdict(difference):\n"
    "    if difference.p < 0.05:\n"
    "        return 'better' if difference.effect > 0 else 'worse'\n"
    "    return 'cannot tell'": "Its lower end",
    """def verdict(difference):
    if difference.low >= 0 and difference.high > 0:
        return 'better'
    return 'worse' if difference.high < 0 else 'cannot tell'
""": "from +0 to +10",
    """def verdict(difference):
    if difference.low > 0:
        return 'better'
    return 'worse' if difference.low < 0 and difference.high <= 0 else 'cannot tell'
""": "from -10 to +0",
    """def verdict(difference):
    return 'better' if difference['low'] > 0 else 'cannot tell'
""": "behind a dot",
}
