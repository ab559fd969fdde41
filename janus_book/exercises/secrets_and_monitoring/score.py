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
    from janus_platform.monitoring.anomaly import robust_score

    history = [8, 10, 12, 9, 30, 11, 7, 10]
    given = list(history)
    found, wanted = score(25, given), robust_score(25, history, 1.0)
    if found is None:
        raise Hint("Your function returns nothing yet. First collect how far each value lies from the centre.")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Hint(f"A score is a number, not {type(found).__name__}.")
    if given != history:
        raise Hint("Your function changed the history: it sorted it, or added to it. Leave it as it was.")
    if abs(found - 15) < 1e-9:
        raise Hint(
            "15 is the distance of 25 from the centre, so your spread came out as 1. A deviation has no sign: use "
            "`abs`."
        )
    if abs(found - (25 - median(history)) / max(median([abs(v - median(history)) for v in history]), 1)) < 1e-9:
        raise Hint("The factor 1.4826 is missing: it makes the MAD comparable with a standard deviation.")
    if abs(found + wanted) < 1e-9:
        raise Hint("25 lies above the centre of 10, and your score is negative. Which one do you subtract?")
    if abs(found - wanted) > 1e-9 and abs(found - wanted) < 1:
        raise Hint(f"For {history} and 25 the score is {wanted:.4f}, and yours is {found:.4f}. Is something rounded?")
    if abs(found - wanted) > 1e-9:
        raise Hint(
            f"For {history} and 25 the score is {wanted:.2f}, and yours is {found:.2f}. Do you take the median "
            "twice?"
        )
    try:
        found = score(3, [1, 1, 1, 1])
    except ZeroDivisionError:
        raise Hint("Where all values are 1 the MAD is 0, and yours divides by it. The spread is at least 1.") from None
    if abs(found - 2) > 1e-9:
        raise Hint("In a history where all values are 1 the spread is at least 1, so a value of 3 has the score 2.")
    found, wanted = score(3, [1, 1.1, 1.2]), robust_score(3, [1, 1.1, 1.2], 1.0)
    if found is None or abs(found - wanted) > 1e-9:
        raise Hint(
            "For 1, 1.1 and 1.2 the spread must also be at least 1, not only where it is 0; yours gives "
            f"{found}."
        )
    found, wanted = score(0, list(history)), robust_score(0, history, 1.0)
    if found is None or found >= 0:
        raise Hint(f"A value below the median has a negative score, and yours is {found}.")
    if abs(found - wanted) > 1e-9:
        raise Hint(
            f"Below the median the formula is the same: for {history} and 0 it is {wanted:.2f}, not "
            f"{found:.2f}."
        )
    history = [1, 2, 9, 30]
    found, wanted = score(25, list(history)), robust_score(25, history, 1.0)
    if abs(found - wanted) > 1e-9:
        raise Hint(f"For {history} and 25 the score is {wanted:.2f}, not {found:.2f}. Where is the middle of four?")
    return "25 among 8, 10, 12, 9, 30, 11, 7 and 10 scores 6.74."


# %% mistakes
MISTAKES = {
    "def score(value, history):\n    return 'high'": "is a number",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / max(median([abs(v - c) for v in history]), 1)": "factor 1.4826",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / max(1.4826 * median([v - c for v in history]), 1)": "has no sign",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / (1.4826 * median([abs(v - c) for v in history]) or 1e-9)": "at least 1",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (value - c) / (1.4826 * median([abs(v - c) for v in history]))": "divides by it",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return (c - value) / max(1.4826 * median([abs(v - c) for v in history]), 1)": "Which one do you subtract",
    "def score(value, history):\n"
    "    c = sum(history) / len(history)\n"
    "    return (value - c) / max(1.4826 * sum(abs(v - c) for v in history) / len(history), 1)": "median twice",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return round((value - c) / max(1.4826 * median([abs(v - c) for v in history]), 1), 1)": "Is something rounded",
    "def score(value, history):\n"
    "    c = median(history)\n"
    "    return abs(value - c) / max(1.4826 * median([abs(v - c) for v in history]), 1)": "negative score",
    "def score(value, history):\n"
    "    history.sort()\n"
    "    c = median(history)\n"
    "    return (value - c) / max(1.4826 * median([abs(v - c) for v in history]), 1)": "Leave it as it was",
    "def score(value, history):\n"
    "    c = sorted(history)[len(history) // 2]\n"
    "    return (value - c) / max(1.4826 * median([abs(v - c) for v in history]), 1)": "middle of four",
    """def score(value, history):
    c = median(history)
    spread = 1.4826 * median([abs(v - c) for v in history])
    return (value - c) / (spread or 1)
""": "not only where it is 0",
    """def score(value, history):
    c = median(history)
    spread = 1.4826 * median([abs(v - c) for v in history])
    found = (value - c) / max(spread, 1)
    if found >= 0:
        return found
""": "yours is None",
    """def score(value, history):
    c = median(history)
    spread = 1.4826 * median([abs(v - c) for v in history])
    return max(-1, (value - c) / max(spread, 1))
""": "the formula is the same",
}
