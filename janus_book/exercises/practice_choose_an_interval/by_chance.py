"""Is the better search better?

Two searches were asked the same questions, and somebody noted at which rank each showed the page that answers. Write
`by_chance(first, second)`: how probable a result as one-sided as this one, or more, would be if both were equally
good, as a *sign test* has it. A question counts for the search with the smaller rank; None, not found, is worse than
any rank; ties count for neither. With w questions for one and n in all, double the chance that a fair coin falls at
least max(w, n − w) times of n on one side, but give no more than 1. Without any, give 1.
"""

from janus_book.exercise import Hint


# %% answer
from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second, strict=True)]
    ### BEGIN SOLUTION
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n)
    ### END SOLUTION


# %% check
def check(by_chance):
    from math import comb

    from janus_book.checking import expect
    from janus_book.practice import recorded

    def true_of(first, second):
        ranks = [(a or 999, b or 999) for a, b in zip(first, second, strict=True)]
        won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
        most = max(won, n - won)
        return min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n), won, n

    found = recorded("choose_an_interval")["ranks"]
    cases = (
        ([1] * 6, [2] * 6, "Six of six: a coin does that on either side once in 32."),
        ([2] * 6, [1] * 6, "It does not matter which of the two is better."),
        ([1, 1, 1, 1, 3], [2, 2, 2, 2, 1], "Four of five, or five of five, on either side: 12 of 32."),
        ([1, 1, 2], [2, 2, 1], "Two of three is what a coin always does at least: 1, and no more."),
        ([1, 1, 1, 1, 5, 5], [2, 2, 2, 2, 5, 5], "Two are ties: four of four are left."),
        ([1, 1, 1, 1, 1], [None] * 5, "What one search did not find at all, the other won."),
        ([3, 1], [3, 1], "Nothing but ties: 1."),
        ([1, 2], [9, 1], "One each: 1. How large the difference of two ranks is does not matter."),
        (found["search"], found["vector_index"], "That is what was recorded on this page."),
    )
    for first, second, why in cases:
        try:
            said = by_chance(list(first), list(second))
        except ZeroDivisionError:
            raise Hint(f"{why} Yours divides by 0 there.") from None
        expect(said, (float, int), "by_chance", "Count for how many questions each of the two has the smaller rank.")
        true, won, n = true_of(first, second)
        if said > 1 + 1e-9:
            raise Hint(f"{won} of {n} for the first: by_chance gave {said:.3f}, and no chance is greater than 1. {why}")
        if abs(2 * said - true) < 1e-9 and true < 1:
            raise Hint(f"{won} of {n} for the first: yours is {said:.4f}, of one side only. Double it. {why}")
        if abs(said - true) > 1e-9:
            raise Hint(f"{won} of {n} for the first: it is {true:.4f}, and by_chance gave {said:.4f}. {why}")
    true, won, n = true_of(found["search"], found["vector_index"])
    return f"Search won {won} of {n}: by chance alone as one-sided {100 * true:.0f} times in 100."


# %% mistakes
MISTAKES = {
    "def by_chance(first, second):\n    return sum(a < b for a, b in zip(first, second))": "no chance is greater",
    "def by_chance(first, second):\n    return sum(a < b for a, b in zip(first, second)) / len(first)": "it is 0.0312",
    "def by_chance(first, second):\n    return 0.05": "once in 32",
    "def by_chance(first, second):\n    return first < second": "Wanted is a number",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return sum(comb(n, k) for k in range(most, n + 1)) / 2**n
""": "of one side only",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n
""": "Nothing but ties",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    return min(1.0, 2 * sum(comb(n, k) for k in range(won, n + 1)) / 2**n)
""": "which of the two is better",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), len(ranks)
    most = max(won, n - won)
    return min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n)
""": "four of four are left",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 0, b or 0) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return min(1.0, 2 * sum(comb(n, k) for k in range(most + 1, n + 1)) / 2**n)
""": "once in 32",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    return min(1.0, 2 * comb(n, won) / 2**n)
""": "12 of 32",
    """from math import comb

def by_chance(first, second):
    ranks = [(a, b) for a, b in zip(first, second) if a and b]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n)
""": "the other won",
    """from math import comb

def by_chance(first, second):
    won, n = sum(a < b for a, b in zip(first, second)), sum(a != b for a, b in zip(first, second))
    most = max(won, n - won)
    return min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n)
""": "raised TypeError",
    """from math import comb

def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second)]
    won, n = sum(a < b for a, b in ranks), sum(a != b for a, b in ranks)
    most = max(won, n - won)
    return 100 * min(1.0, 2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n)
""": "no chance is greater",
}
