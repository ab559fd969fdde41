"""Put a value on the logarithmic scale.

Write `on_a_scale(value, best, worst)`: 1 at `best` or better, 0 at `worst` or worse, and in between by the logarithm,
so that halfway along the picture's axis is 0.5. It has to work in both directions: for waits, where small is good, and
for rates, where large is. `log` comes from Python's `math`.
"""

from math import log

from janus_book.exercise import Hint


# %% answer
def on_a_scale(value, best, worst):
    ### BEGIN SOLUTION
    position = log(value / worst) / log(best / worst)
    return min(1, max(0, position))
    ### END SOLUTION


# %% check
def check(on_a_scale):
    from janus_bench.scoring.answer_score import log_scale

    try:
        half = on_a_scale(2.0, 0.5, 8.0)
    except ValueError as error:
        raise Hint(f"For 2 from 0.5 to 8, yours raises {error}: log takes what is above 0, as a ratio is.") from None
    if half is None or half is ...:
        raise Hint("Your function returns nothing yet. Begin with how far the value lies from worst, as a ratio.")
    if isinstance(half, str | list | tuple | dict):
        raise Hint(f"One number from 0 to 1 is wanted, and yours is {type(half).__name__}.")
    if abs(on_a_scale(0.5, 0.5, 8.0)) < 1e-9 and abs(on_a_scale(8.0, 0.5, 8.0) - 1) < 1e-9:
        raise Hint("Yours is upside down: it gives 0 at best and 1 at worst.")
    if abs(half - 0.8) < 1e-9:
        raise Hint("That is a straight line. From 1 to 2 is the same step as from 2 to 4: take logarithms.")
    if abs(half - 0.5) > 1e-9:
        raise Hint(f"Between best 0.5 and worst 8 a value of 2 lies halfway; yours gives {half:.3f} instead of 0.5.")
    if abs(on_a_scale(0.5, 0.5, 8.0) - 1) > 1e-9 or abs(on_a_scale(8.0, 0.5, 8.0)) > 1e-9:
        ends = f"{on_a_scale(0.5, 0.5, 8.0):g} and {on_a_scale(8.0, 0.5, 8.0):g}"
        raise Hint(f"Halfway is right. At best it is 1 and at worst 0, and yours gives {ends}.")
    for value in (0.01, 900.0):
        if on_a_scale(value, 0.5, 8.0) is None:
            raise Hint(f"Between the ends it is right. For {value:g}, beyond them, your function returns nothing.")
        if not 0 <= on_a_scale(value, 0.5, 8.0) <= 1:
            raise Hint("Better than best is 1, and worse than worst is 0; yours goes beyond.")
    for best, worst, what in ((1.0, 30.0, "wait"), (100.0, 5.0, "rate")):
        for value in (0.5, 4.0, 5.0, 20.0, 60.0, 100.0, 300.0):
            found, wanted = on_a_scale(value, best, worst), log_scale(value, best, worst)
            if abs(found - wanted) > 1e-9:
                ends = f"best {best:g} and worst {worst:g}"
                raise Hint(f"A {what} of {value:g}, {ends}, gives {wanted:.6f}, and yours {found:.6f}.")
    return "So a wait of 2 s between 0.5 and 8 is worth half, and so is a rate of 22.4 between 5 and 100."


# %% mistakes
MISTAKES = {
    "def on_a_scale(value, best, worst):\n    return log(value / best) / log(worst / best)": "upside down",
    "def on_a_scale(value, best, worst):\n    return (value - worst) / (best - worst)": "straight line",
    "def on_a_scale(value, best, worst):\n    return log(value / worst) / log(best / worst)": "goes beyond",
    "def on_a_scale(value, best, worst):\n    return log(value) / log(worst)": "lies halfway",
    "def on_a_scale(value, best, worst):\n"
    "    if value <= best:\n"
    "        return 1\n"
    "    return max(0, log(value / worst) / log(best / worst))": "A rate of",
    "def on_a_scale(value, best, worst):\n    return 0.5": "yours gives 0.5 and 0.5",
    "def on_a_scale(value, best, worst):\n"
    "    return str(min(1, max(0, log(value / worst) / log(best / worst))))": "yours is str",
    "def on_a_scale(value, best, worst):\n"
    "    return 100 * min(1, max(0, log(value / worst) / log(best / worst)))": "instead of 0.5",
    "def on_a_scale(value, best, worst):\n"
    "    return round(min(1, max(0, log(value / worst) / log(best / worst))), 1)": "A wait of",
    """def on_a_scale(value, best, worst):
    position = log(value / worst) / log(best / worst)
    if 0 <= position <= 1:
        return position
""": "beyond them, your function returns nothing",
    """def on_a_scale(value, best, worst):
    return min(1, max(0, log(value - worst) / log(best - worst)))
""": "what is above 0",
    """def on_a_scale(value, best, worst):
    return min(1, abs(log(value / worst) / log(best / worst)))
""": "A wait of 60",
}
