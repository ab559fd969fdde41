"""Compute the robust score.

Write `score(value, history)`: how many spreads `value` lies above the median of `history`. The spread is 1.4826 times
the median absolute deviation, and at least 1. `median` comes from Python's `statistics`.
"""

from statistics import median

from janus_book.exercise import Hint


# %% answer
def score(value, history):
    centre = median(history)
    ### BEGIN SOLUTION
    deviations = [abs(one - centre) for one in history]
    return (value - centre) / max(1.4826 * median(deviations), 1)
    ### END SOLUTION


# %% check
def check(score):
    from janus_platform.monitoring.statistic import robust_score

    history = [8, 10, 12, 9, 30, 11, 7, 10]
    found, wanted = score(25, history), robust_score(25, history, 1.0)
    if found is None:
        raise Hint("Your function returns nothing yet. First collect how far each value lies from the centre.")
    if not isinstance(found, int | float):
        raise Hint(f"A score is a number, not {type(found).__name__}.")
    if abs(found - (25 - median(history)) / max(median([abs(v - median(history)) for v in history]), 1)) < 1e-9:
        raise Hint("The factor 1.4826 is missing: it makes the MAD comparable with a standard deviation.")
    if abs(score(3, [1, 1, 1, 1])) > 1e6 or abs(score(3, [1, 1, 1, 1]) - 2) > 1e-9:
        raise Hint("In a history where all values are 1 the spread is at least 1, so a value of 3 has the score 2.")
    if abs(found - wanted) > 1e-9:
        raise Hint(f"For {history} and 25 the score is {wanted:.2f}, and yours is {found:.2f}. Is it the median twice?")
    if score(0, history) >= 0:
        raise Hint("A value below the median has a negative score.")
    return f"25 among {history} scores {found:.2f}."


# %% mistakes
MISTAKES = {
    "def score(value, history):\n    return 'high'": "is a number",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / max(median([abs(v - c) for v in history]), 1)": "factor 1.4826",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / (1.4826 * median([abs(v - c) for v in history]) or 1e-9)": "at least 1",
    "def score(value, history):\n"
    "    c = sum(history) / len(history)\n"
    "    return (value - c) / max(1.4826 * sum(abs(v - c) for v in history) / len(history), 1)": "median twice",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return abs(value - c) / max(1.4826 * median([abs(v - c) for v in history]), 1)": "negative score",
}
