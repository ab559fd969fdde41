"""Get twice as much.

A *fixed window* counts the requests of each whole stretch of `seconds` (0 to 1, 1 to 2, …) and lets `limit` through
in each. Be a greedy client: write `burst(limit, seconds)`, a list of the times at which you send, the first at 0 or
later, so that `fixed_window` lets 2 × `limit` of your requests through, all within a tenth of `seconds`.
"""

from janus_book.practice import fixed_window

from janus_book.exercise import Hint


# %% answer
def burst(limit, seconds):
    ### BEGIN SOLUTION
    before, after = 0.96 * seconds, 1.04 * seconds
    return limit * [before] + limit * [after]
    ### END SOLUTION


# %% check
def check(burst):
    from janus_book.checking import expect

    for limit, seconds in ((10, 1.0), (20, 60.0), (3, 2.0)):
        times = burst(limit, seconds)
        what = f"At {limit} requests in {seconds:g} s"
        expect(times, list, "burst", "Where is the moment at which the count starts again from 0?")
        if not all(isinstance(time, int | float) and not isinstance(time, bool) and time == time for time in times):
            raise Hint(f"{what}: the list contains something that is not a time: use numbers of seconds.")
        if times and min(times) < 0:
            raise Hint(f"{what}: you send at {min(times):g} s, before anything began.")
        if len(times) > 10 * limit:
            raise Hint(f"{what}: you send {len(times)} requests. {2 * limit} are enough, at the right times.")
        passed = sorted(fixed_window(times, limit, seconds))
        if len(passed) <= limit:
            raise Hint(f"{what}: {len(passed)} of your {len(times)} pass. They all fall into one window: use two.")
        best = max(sum(start <= time <= start + seconds / 10 for time in passed) for start in passed)
        if best < 2 * limit:
            near = f"{len(passed)} pass in all, {best} of them within {seconds / 10:g} s"
            raise Hint(f"{what}: {near}; {2 * limit} are wanted. How near to the edge, on both sides, are they sent?")
    return "Twice the limit in a tenth of its time, and every window was kept. A sliding window has no edge."


# %% mistakes
MISTAKES = {
    "def burst(limit, seconds):\n    return 2 * limit * [0]": "They all fall into one window",
    "def burst(limit, seconds):\n    return limit * [0.99]": "They all fall into one window",
    "def burst(limit, seconds):\n    return [0.0] * limit + [seconds] * limit": "within 0.1 s",
    "def burst(limit, seconds):\n    return [n * seconds / limit for n in range(2 * limit)]": "How near to the edge",
    "def burst(limit, seconds):\n    return 2 * limit": "Wanted is a list",
    "def burst(limit, seconds):\n    return 0.99 * seconds, 1.01 * seconds": "Wanted is a list",
    "def burst(limit, seconds):\n    return [0.95 * seconds] * limit + [1.1 * seconds] * limit": "How near to the edge",
    "def burst(limit, seconds):\n    return [seconds + 0.01 * n for n in range(2 * limit)]": "They all fall into one",
    "def burst(limit, seconds):\n    return [-0.01] * limit + [0.01] * limit": "before anything began",
    "def burst(limit, seconds):\n    return ['0.99'] * limit + ['1.01'] * limit": "not a time",
    "def burst(limit, seconds):\n    return [n / 1000 * seconds for n in range(2000)]": "are enough, at the right",
    "def burst(limit, seconds):\n    return [0.99 * seconds] * (limit - 1) + [1.01 * seconds] * limit": "are wanted",
    "def burst(limit, seconds):\n    return [0.99] * limit + [1.01] * limit": "At 20 requests in 60 s",
    "def burst(limit, seconds):\n    return [0.99 * seconds, 1.01 * seconds]": "They all fall into one window",
}
