"""Keep the mixture.

A suite has so many questions of each category, in every seed. A bootstrap that draws from all of them at once gets
now eleven sums and now four, which no seed ever does. Write `stratified(groups, rng)`: the 95 % interval of the mean
over all questions, where each draw takes from every category as many as that has, and 1,000 draws are made. `groups`
is a dictionary from category to the list of its scores.
"""

from janus_book.exercise import Hint


# %% answer
def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        ### BEGIN SOLUTION
        drawn = [rng.choices(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / count)
        ### END SOLUTION
    means.sort()
    return means[25], means[974]


# %% check
def check(stratified):
    import random
    from statistics import fmean, pvariance

    from janus_book.checking import expect
    from janus_book.practice import by_category, pair, recorded

    try:
        said = stratified({"sums": [1.0] * 8, "search": [0.0] * 4}, random.Random(0))
    except IndexError:
        raise Hint("No mean was kept: append one in each round. `rng.choices` draws from one category.") from None
    expect(said, (tuple, list), "stratified", ("Draw from each category by itself, "
"`rng.choices(scores, k=len(scores))`."))
    low, high = pair("stratified", said)
    if abs(low - high) < 1e-9 and abs(low - 0.5) < 1e-9:
        raise Hint("Eight sums are all right and four searches all wrong: 8 of 12. Yours takes the mean of two means.")
    if (round(low, 9), round(high, 9)) != (round(2 / 3, 9),) * 2:
        raise Hint(
            "Eight sums are all right and four searches all wrong, in every "
"seed: the mean is 0.667, always. Yours goes "
            f"from {low:.3f} to {high:.3f}: it does not draw as many of each as there are."
        )
    ratios = []
    for number, rows in enumerate(list(recorded("choose_an_interval")["seeds"].values())[:3]):
        groups = by_category(rows)
        count = sum(map(len, groups.values()))
        given = {name: list(scores) for name, scores in groups.items()}
        low, high = pair("stratified", stratified(given, random.Random(number)))
        if given != groups:
            raise Hint("Your function changed the scores that it was given.")
        mean = fmean(score for scores in groups.values() for score in scores)
        if not low - 1e-9 <= mean <= high + 1e-9:
            raise Hint(f"The mean is {mean:.3f}, and your interval goes from {low:.3f} to {high:.3f}.")
        spread = sum(len(scores) * pvariance(scores) for scores in groups.values()) ** 0.5 / count
        ratios.append((high - low) / (2 * 1.96 * spread))
    ratio = fmean(ratios)
    if ratio < 0.05:
        raise Hint("Every draw of yours has the same mean. With `sample` each score comes once: use `choices`.")
    if not 0.9 < ratio < 1.1:
        raise Hint(f"Yours is {ratio:.2f} times as wide as it should be. Are as many drawn from each as it has?")
    return f"With the mixture kept, the mean is sure to ± {100 * (high - low) / 2:.1f} points."


# %% mistakes
MISTAKES = {
    """def stratified(groups, rng):
    every = [score for scores in groups.values() for score in scores]
    means = sorted(sum(rng.choices(every, k=len(every))) / len(every) for _ in range(1000))
    return means[25], means[974]
""": "it does not draw as many of each",
    """def stratified(groups, rng):
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(sum(some) / len(some) for some in drawn) / len(drawn))
    means.sort()
    return means[25], means[974]
""": "the mean of two means",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.sample(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / count)
    means.sort()
    return means[25], means[974]
""": "use `choices`",
    """def stratified(groups, rng):
    means = []
    for _ in range(1000):
        names = rng.choices(list(groups), k=len(groups))
        drawn = [score for name in names for score in groups[name]]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    return means[25], means[974]
""": "it does not draw as many of each",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=4) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / (4 * len(drawn)))
    means.sort()
    return means[25], means[974]
""": "the mean of two means",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)))
    means.sort()
    return means[25], means[974]
""": "the mean is 0.667, always",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / count)
    means.sort()
    return means[0], means[-1]
""": "times as wide as it should be",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / count)
    means.sort()
    return means[100], means[899]
""": "times as wide as it should be",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        for scores in groups.values():
            means.append(sum(rng.choices(scores, k=len(scores))) / len(scores))
    means.sort()
    return means[25], means[974]
""": "it does not draw as many of each",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    return sum(map(sum, groups.values())) / count
""": "Wanted is",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [scores for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / count)
    means.sort()
    return means[25], means[974]
""": "has the same mean",
    """def stratified(groups, rng):
    count = sum(len(scores) for scores in groups.values())
    means = []
    for _ in range(1000):
        drawn = [rng.choices(scores, k=3 * len(scores)) for scores in groups.values()]
        means.append(sum(map(sum, drawn)) / 3 / count)
    means.sort()
    return means[25], means[974]
""": "Are as many drawn from each",
    """def stratified(groups, rng):
    return 0.2, 0.9, 1
""": "A pair is wanted",
}
