"""Tell the two phases apart.

Write `phases(times)`. `times` says when each token of an answer arrived, in seconds since the request, as in
`story["times"]`. Return two numbers in milliseconds: the time to the first token, and the median of the inter-token
latencies. An answer of one token has no inter-token latencies: return `0` as the second number.
"""

from itertools import pairwise
from statistics import median

from janus_book.exercise import Hint


# %% answer
def phases(times):
    """Time to first token and median inter-token latency, in ms."""
    ### BEGIN SOLUTION
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return 1000 * times[0], 1000 * median(gaps) if gaps else 0
    ### END SOLUTION


# %% check
def check(phases):
    from statistics import mean

    def asked(times):
        got = phases(list(times))
        if got is None:
            raise Hint("Your function returns nothing yet. Which element of `times` belongs to the first token?")
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Hint(f"Return two numbers, such as `(500.0, 20.0)`. Yours returns {got!r}.")
        if not all(isinstance(one, int | float) for one in got):
            raise Hint(f"Both must be numbers, in milliseconds. Yours returns {got!r}.")
        return float(got[0]), float(got[1])

    def near(one, other):
        return abs(one - other) < 1e-6

    # A stall in the middle: mean and median lie apart, and the first wait is like none of them.
    times = (0.5, 0.52, 0.55, 0.57, 1.07, 1.095)
    first, gap = asked(times)
    gaps = [b - a for a, b in pairwise(times)]
    if near(first, 0.5):
        raise Hint("The time to the first token is 500 ms for these times, not 0.5: `times` holds seconds.")
    if not near(first, 500):
        raise Hint(f"The first token came at 0.5 s, which is 500 ms. You say {first:g} ms.")
    if near(gap, 0.025):
        raise Hint("The inter-token latency is right in seconds. Return both numbers in milliseconds.")
    if near(gap, 1000 * mean(gaps)):
        raise Hint(f"{gap:g} ms is the mean: one stall of half a second moves it. Take the median.")
    if near(gap, 1000 * sorted((times[0], *gaps))[3]) or near(gap, 500 * sum(sorted((times[0], *gaps))[2:4])):
        raise Hint("The wait for the first token is not an inter-token latency. Leave it out of the median.")
    if near(gap, 1000 * median(times)):
        raise Hint("That is the median of the arrival times. Take the differences between neighbours first.")
    if not near(gap, 25):
        raise Hint(f"The gaps are 20, 30, 20, 500 and 25 ms, and their median is 25. You say {gap:g}.")
    # An even number of gaps: the median lies between the two in the middle.
    if not near(asked((0.1, 0.11, 0.14))[1], 20):
        raise Hint("The gaps of (0.1, 0.11, 0.14) are 10 and 30 ms, and their median is 20: see `statistics.median`.")
    try:
        alone = asked((0.25,))
    except (ValueError, IndexError, ZeroDivisionError, ArithmeticError) as error:
        raise Hint(f"An answer of one token has no gaps, and yours ends in {type(error).__name__}.") from None
    if not near(alone[0], 250) or alone[1] != 0:
        raise Hint(f"An answer of one token at 0.25 s has the phases (250, 0). You say {alone!r}.")
    return "500 ms of prefill, then a token every 25 ms."


# %% mistakes
MISTAKES = {
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    pass": "returns nothing yet",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    return times[0]": "Return two numbers",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    return 'fast', 'slow'": "must be numbers",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return times[0], median(gaps)": "`times` holds seconds",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[-1], 1000 * median(gaps)": "came at 0.5 s",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], median(gaps)": "right in seconds",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], 1000 * mean(gaps)": "is the mean",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip([0, *times], times)]\n"
    "    return 1000 * times[0], 1000 * median(gaps)": "not an inter-token latency",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    return 1000 * times[0], 1000 * median(times)": "differences between neighbours",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], 1000 * max(gaps)": "their median is 25",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], 1000 * sorted(gaps)[len(gaps) // 2]": "their median is 20",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], 1000 * median(gaps)": "ends in StatisticsError",
    "from statistics import mean, median\n"
    "\n"
    "\n"
    "def phases(times):\n"
    "    gaps = [b - a for a, b in zip(times, times[1:])]\n"
    "    return 1000 * times[0], 1000 * median(gaps or times)": "(250, 0)",
}
