"""Say how long to wait.

A sliding window lets a request through where fewer than `limit` were let through in the last `seconds`. Write
`wait(passed, now, limit, seconds)`: what belongs into `Retry-After`, the fewest whole seconds after which one more
may pass, 0 if it may now. `passed` are the times of all requests that were let through, the oldest first; one that
passed at 10 stops counting at 10 + `seconds`.
"""

from janus_book.exercise import Hint


# %% answer
import math

def wait(passed, now, limit, seconds):
    ### BEGIN SOLUTION
    counted = [time for time in passed if time + seconds > now]
    if len(counted) < limit:
        return 0
    return math.ceil(counted[-limit] + seconds - now)
    ### END SOLUTION


# %% check
def check(wait):
    from janus_book.checking import expect
    from janus_platform.clock import CallerClocks, ManualClock
    from janus_platform.contract import RateLimit
    from janus_platform.services.framework.rate_limit import SlidingWindow

    def asked(passed, now, limit, seconds, true, why):
        given = list(passed)
        said = wait(given, now, limit, seconds)
        expect(said, int, "wait", "Which of the requests that passed must stop counting before one more fits?")
        if given != passed:
            raise Hint("Your function changed the list that it was given. Make one of your own.")
        if said != true:
            shown = ", ".join(f"{time:g}" for time in passed)
            raise Hint(f"Limit {limit} in {seconds} s, passed at {shown or 'no time'}; "
f"at {now:g} wait gave {said}. {why}")

    asked([], 5, 3, 60, 0, "Nothing has passed yet: the first may at once.")
    asked([1, 2], 5, 3, 60, 0, "Two passed and three may: no wait.")
    asked([1, 2, 3], 5, 3, 60, 56, "The one of second 1 stops counting at 61.")
    asked([1, 2, 3], 61, 3, 60, 0, "At 61 the one of second 1 has stopped counting.")
    asked([1, 2, 3], 60.5, 3, 60, 1, "Half a second is missing, and a whole one is the fewest that is enough.")
    asked([1, 2, 3, 70, 71], 72, 3, 60, 0, "The three old ones have stopped counting; two count.")
    asked([1, 2, 3, 70, 71, 72], 73, 3, 60, 57, "Only the last three count, and the first of those is of second 70.")
    asked([1, 2.2, 9], 20, 2, 30, 13, "With three counted and room for two, two have to stop: the second does at 32.2.")
    limit = RateLimit(requests=4, per_seconds=10)
    clock = ManualClock(100.0)
    window, passed, refused = SlidingWindow(limit, CallerClocks(clock)), [], 0
    for step in (0, 1, 0.5, 3, 0.25, 0.25, 2, 4, 0, 0, 0, 0.75, 9, 0.125):
        clock.advance(step)
        verdict = window.take("reader")
        if verdict.allowed:
            passed.append(clock.now())
        else:
            refused += 1
            said = wait(list(passed), clock.now(), 4, 10)
            if said != verdict.wait_seconds:
                raise Hint(f"The platform's own limiter would say {verdict.wait_seconds} "
f"s here, and yours says {said}.")
    return f"The platform's own limiter refused {refused} times, and yours names the same seconds each time."


# %% mistakes
MISTAKES = {
    "def wait(passed, now, limit, seconds):\n    return seconds": "the first may at once",
    "def wait(passed, now, limit, seconds):\n    return 0": "stops counting at 61",
    "def wait(passed, now, limit, seconds):\n    return passed[0] + seconds - now": "raised IndexError",
    """def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else passed[0] + seconds - now
""": "a float. Wanted is a whole",
    """def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else seconds
""": "The one of second 1 stops counting at 61",
    """import math

def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else max(0, math.ceil(passed[-1] + seconds - now))
""": "stops counting at 61",
    """import math

def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else max(0, math.ceil(passed[0] + seconds - now))
""": "the first of those is of second 70",
    """def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else max(0, int(passed[-limit] + seconds - now))
""": "a whole one is the fewest",
    """def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else max(0, int(passed[-limit] + seconds - now) + 1)
""": "stops counting at 61",
    """def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else max(0, round(passed[-limit] + seconds - now))
""": "a whole one is the fewest",
    """import math

def wait(passed, now, limit, seconds):
    counted = [time for time in passed if time + seconds > now]
    return 0 if len(counted) < limit else math.ceil(counted[0] + seconds - now)
""": "two have to stop",
    """import math

def wait(passed, now, limit, seconds):
    while passed and passed[0] + seconds <= now:
        passed.pop(0)
    return 0 if len(passed) < limit else math.ceil(passed[-limit] + seconds - now)
""": "changed the list",
    """import math

def wait(passed, now, limit, seconds):
    return 0 if len(passed) < limit else math.ceil(passed[-limit] + seconds - now)
""": "two count",
    """import math

def wait(passed, now, limit, seconds):
    counted = [time for time in passed if time + seconds > now]
    if len(counted) >= limit:
        return math.ceil(counted[-limit] + seconds - now)
""": "returns nothing yet",
    """import math

def wait(passed, now, limit, seconds):
    counted = [time for time in passed if time + seconds >= now]
    return 0 if len(counted) < limit else max(1, math.ceil(counted[-limit] + seconds - now))
""": "At 61 the one of second 1 has stopped",
}
