"""Tell luck from progress.

Write `verdict(difference)`: what a comparison says of one score. `difference.low` and `difference.high` are the
ends of the 95 % interval of B − A. Return `"better"` where all of it lies above 0, `"worse"` where all of it lies
below, and else `"cannot tell"`.
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
    from janus_bench.intervals import Difference

    cases = (
        ((12.0, 4.0, 20.0), "better"),
        ((-9.0, -15.0, -2.0), "worse"),
        ((9.0, -3.0, 21.0), "cannot tell"),
        ((-5.0, -12.0, 3.0), "cannot tell"),
        ((0.0, 0.0, 0.0), "cannot tell"),
    )
    for (effect, low, high), wanted in cases:
        found = verdict(Difference("composite", 40.0, 40.0 + effect, effect, low, high, 0.5))
        if found is None or found is ...:
            raise Hint("Your function returns nothing yet. On which side of 0 does the whole interval lie?")
        if found != wanted:
            shown = f"{effect:+g} with an interval from {low:+g} to {high:+g}"
            raise Hint(f"An effect of {shown} is {wanted!r}, not {found!r}.")
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
}
