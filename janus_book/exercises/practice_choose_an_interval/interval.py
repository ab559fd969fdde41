"""Draw your own interval.

Write `interval(values, rng)`: a 95 % bootstrap interval of the mean, as a pair (low, high). Draw as many values again
as there are, each from all of them; take the mean; do that 1,000 times; and give the ends between which the middle 95
% of those means lie. `rng` is a `random.Random`.
"""

from janus_book.exercise import Hint


# %% answer
def interval(values, rng):
    ### BEGIN SOLUTION
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[25], means[974]
    ### END SOLUTION


# %% check
def check(interval):
    import random
    from statistics import fmean, pstdev

    from janus_book.checking import expect
    from janus_book.practice import pair, recorded

    begin = "`rng.choices(values, k=len(values))` draws as many again, some of them twice."
    said = interval([1.0] * 20, random.Random(0))
    expect(said, (tuple, list), "interval", begin)
    low, high = pair("interval", said)
    if (low, high) != (1, 1):
        raise Hint(f"Twenty times 1 has the mean 1 in every draw, and interval gave {low:g} to {high:g}.")
    ratios = []
    runs = [[row["score"] for row in rows] for rows in list(recorded("choose_an_interval")["seeds"].values())[:3]]
    for number, values in enumerate(runs):
        low, high = pair("interval", interval(list(values), random.Random(number)))
        mean, spread = fmean(values), pstdev(values) / len(values) ** 0.5
        if low > high:
            raise Hint("The low end is above the high one. Are the means sorted before two of them are taken?")
        if not low <= mean <= high:
            raise Hint(f"The mean is {mean:.3f}, and your interval goes from {low:.3f} to {high:.3f}: it lies outside.")
        ratios.append((high - low) / (2 * 1.96 * spread))
    ratio = fmean(ratios)
    if ratio < 0.02:
        raise Hint("Every draw of yours has the same mean. With `sample` each value comes once: use `choices`.")
    if ratio > 5:
        raise Hint("That is the spread of the values, not of their means: take the mean of each draw.")
    if ratio > 1.4:
        raise Hint(
            f"Yours is {ratio:.1f} times as wide as it should be. Are as many values drawn as there are, and are the "
            "outermost 2.5 % of the means left out on each side?"
        )
    if ratio < 0.6:
        raise Hint(f"Yours is {ratio:.2f} times as wide as it should be. Do you draw more values than there are?")
    if not 0.9 < ratio < 1.1:
        raise Hint(f"Yours is {ratio:.2f} times as wide as it should be. The middle 95 % leaves 2.5 % on each side.")
    many = [n * 0.618 % 1 for n in range(60)]  # So many different means that no two draws meet by chance.
    if pair("interval", interval(list(many), random.Random(7))) != pair("interval", interval(many, random.Random(7))):
        raise Hint("Two calls with the same seed differ. Draw with `rng`, so that others get what you got.")
    return f"72 answers: the mean is sure to ± {100 * (high - low) / 2:.0f} points, and no nearer."


# %% mistakes
MISTAKES = {
    "def interval(values, rng):\n    return min(values), max(values)": "not of their means",
    "def interval(values, rng):\n    return sum(values) / len(values)": "Wanted is",
    "def interval(values, rng):\n    return ()": "A pair is wanted",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.sample(values, count)) / count for _ in range(1000))
    return means[25], means[974]
""": "use `choices`",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[0], means[-1]
""": "outermost 2.5 %",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[50], means[949]
""": "leaves 2.5 % on each side",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[250], means[749]
""": "times as wide as it should be",
    """def interval(values, rng):
    means = sorted(sum(rng.choices(values, k=10)) / 10 for _ in range(1000))
    return means[25], means[974]
""": "as many values drawn as there are",
    """def interval(values, rng):
    count = 10 * len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[25], means[974]
""": "more values than there are",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(1000))
    return means[974], means[25]
""": "Are the means sorted",
    """def interval(values, rng):
    import random
    count = len(values)
    means = sorted(sum(random.choices(values, k=count)) / count for _ in range(1000))
    return means[25], means[974]
""": "Draw with `rng`",
    """def interval(values, rng):
    drawn = sorted(rng.choices(values, k=1000))
    return drawn[25], drawn[974]
""": "take the mean of each draw",
    """def interval(values, rng):
    count = len(values)
    means = sorted(sum(rng.choices(values, k=count)) for _ in range(1000))
    return means[25], means[974]
""": "Twenty times 1 has the mean 1",
    """def interval(values, rng):
    count = len(values)
    means = [sum(rng.choices(values, k=count)) / count for _ in range(1000)]
    return means[25], means[974]
""": "Are the means sorted",
}
