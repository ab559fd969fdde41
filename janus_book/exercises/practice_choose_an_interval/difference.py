"""Tell neighbours apart.

Two implementations answered the same questions. Write `difference(first, second, rng)`: the 95 % bootstrap interval
of how much higher the second one's mean is, from 1,000 draws. `first` and `second` map questions to scores. Draw
questions, and take both scores of each: a hard question is hard for both. Questions that only one of them was asked
stay out.
"""

from janus_book.exercise import Hint


# %% answer
def difference(first, second, rng):
    ### BEGIN SOLUTION
    gains = [second[item] - first[item] for item in first if item in second]
    count = len(gains)
    means = sorted(sum(rng.choices(gains, k=count)) / count for _ in range(1000))
    return means[25], means[974]
    ### END SOLUTION


# %% check
def check(difference):
    import random
    from itertools import pairwise
    from statistics import fmean, pstdev

    from janus_book.checking import expect
    from janus_book.practice import pair, recorded

    hard = {f"q{n}": n / 20 for n in range(20)}
    said = difference(hard, {item: score + 0.1 for item, score in hard.items()}, random.Random(0))
    expect(said, (tuple, list), "difference", ("For each question that both were asked: by "
"how much is the second better?"))
    low, high = pair("difference", said)
    if abs(low + 0.1) < 1e-9 and abs(high + 0.1) < 1e-9:
        raise Hint("The second one is better by 0.1 everywhere, and yours says −0.1: take the second minus the first.")
    if abs(low - 0.1) > 1e-9 or abs(high - 0.1) > 1e-9:
        raise Hint(
            f"The second one is better by exactly 0.1 at each of twenty questions, and yours goes from {low:.2f} to "
            f"{high:.2f}. Draw the questions, and for each drawn one take both scores."
        )
    one, other = {"a": 0.0, "b": 1.0, "only": 1.0}, {"a": 0.5, "b": 1.5, "else": 0.0}
    try:
        low, high = pair("difference", difference(one, other, random.Random(0)))
    except KeyError as error:
        raise Hint(f"The question {error} was put to one of them only, and "
"yours raises KeyError. It stays out.") from None
    if abs(low - 0.5) > 1e-9 or abs(high - 0.5) > 1e-9:
        raise Hint(f"Both questions that both were asked gained 0.5; yours goes from {low:.2f} to {high:.2f}.")
    runs = recorded("choose_an_interval")["board"]
    board = {name: {row["item"]: row["score"] for row in rows} for name, rows in runs.items()}
    steps, ratios, apart = list(board), [], 0
    for number, (before, after) in enumerate(pairwise(steps)):
        low, high = pair("difference", difference(dict(board[before]), dict(board[after]), random.Random(number)))
        gains = [board[after][item] - board[before][item] for item in board[before]]
        spread = pstdev(gains) / len(gains) ** 0.5
        if not low - 1e-9 <= fmean(gains) <= high + 1e-9:
            raise Hint(f"From {before!r} to {after!r} the mean rose by {fmean(gains):.3f}: yours leaves that outside.")
        apart += low > 0
        if spread:
            ratios.append((high - low) / (2 * 1.96 * spread))
    ratio = fmean(ratios)
    if ratio < 0.05:
        raise Hint("Every draw of yours has the same mean. With `sample` each question comes once: use `choices`.")
    if not 0.85 < ratio < 1.15:
        raise Hint(f"Yours is {ratio:.2f} times as wide as it should be. The middle 95 % of as many as there are?")
    return f"Of {len(steps) - 1} pairs of neighbours on the road, {apart} can be told apart."


# %% mistakes
MISTAKES = {
    """def difference(first, second, rng):
    means = []
    for _ in range(1000):
        one = rng.choices(list(first.values()), k=len(first))
        other = rng.choices(list(second.values()), k=len(second))
        means.append(sum(other) / len(other) - sum(one) / len(one))
    means.sort()
    return means[25], means[974]
""": "for each drawn one take both scores",
    """def difference(first, second, rng):
    gains = [first[item] - second[item] for item in first if item in second]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "take the second minus the first",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "It stays out",
    """def difference(first, second, rng):
    gains = [second.get(item, 0) - first[item] for item in first]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "that both were asked gained 0.5",
    """def difference(first, second, rng):
    gains = [b - a for a, b in zip(first.values(), second.values())]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "that both were asked gained 0.5",
    """def difference(first, second, rng):
    gains = [b - a for a, b in zip(sorted(first.values()), sorted(second.values()))]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "that both were asked gained 0.5",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    return sum(gains) / len(gains)
""": "Wanted is",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    return min(gains), max(gains)
""": "times as wide as it should be",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    means = sorted(sum(rng.sample(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974]
""": "use `choices`",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[125], means[874]
""": "times as wide as it should be",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    means = sorted(sum(rng.choices(gains, k=len(gains))) for _ in range(1000))
    return means[25], means[974]
""": "better by exactly 0.1",
    """def difference(first, second, rng):
    gains = [abs(second[item] - first[item]) for item in first if item in second]
    means = sorted(sum(rng.choices(gains, k=20)) / 20 for _ in range(1000))
    return means[25], means[974]
""": "yours leaves that outside",
    """def difference(first, second, rng):
    gains = [second[item] - first[item] for item in first if item in second]
    means = sorted(sum(rng.choices(gains, k=len(gains))) / len(gains) for _ in range(1000))
    return means[25], means[974], means
""": "A pair is wanted",
}
