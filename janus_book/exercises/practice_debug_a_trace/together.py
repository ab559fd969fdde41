"""How many at once?

Write `together(calls)`: the greatest number of calls that were open at the same time, 0 where there are none. A call
has `start_ms` and `end_ms`. One that begins at the very moment at which another ends does not overlap it.
"""

from janus_book.exercise import Hint


# %% answer
def together(calls):
    ### BEGIN SOLUTION
    def open_at(moment):
        return sum(call.start_ms <= moment < call.end_ms for call in calls)

    return max((open_at(call.start_ms) for call in calls), default=0)
    ### END SOLUTION


# %% check
def check(together):
    from types import SimpleNamespace as Call

    from janus_book.checking import expect
    from janus_book.practice import calls, recorded
    from janus_platform.traces.view import Trace

    def asked(*times):
        made = [Call(name="search", start_ms=start, end_ms=end) for start, end in times]
        said = together(made)
        expect(said, int, "together", "It can only grow when a call begins: how many are open at that moment?")
        return said

    def shown(times):
        return ", ".join(f"{start}–{end}" for start, end in times)

    for times, true, why in (
        ([(0, 40), (10, 50), (20, 60)], 3, "All three are open at 20 ms."),
        ([(0, 10), (20, 30), (40, 50)], 1, "Each ends before the next begins, and one alone counts as one."),
        ([(0, 10), (10, 20), (20, 30)], 1, "One that begins as another ends does not overlap it."),
        ([(0, 90), (10, 20), (30, 40)], 2, "The long one overlaps both short ones, which do not overlap each other."),
        ([(50, 60), (0, 40), (30, 45)], 2, "They need not be in the order in which they began."),
        ([(0, 10), (0, 10)], 2, "Two calls with the same times are two."),
        ([(0, 30), (5, 35), (40, 50), (45, 60)], 2, "Two are open at 5 ms, and two others at 45 ms."),
        ([(0, 30), (5, 35), (10, 40), (50, 60), (55, 65)], 3, "Three are open at 10 ms, two at 55 ms."),
    ):
        said = asked(*times)
        if said != true:
            raise Hint(f"For calls at {shown(times)} ms together gave {said}; it is {true}. {why}")
    if (said := together([])) != 0:
        raise Hint(f"Without any call together gave {said!r}; nothing was open, so it is 0.")
    traces = recorded("debug_a_trace")["traces"]
    found = {name: together(calls(Trace(traces[name]))) for name in ("at once", "in turn", "gathered")}
    if found != {"at once": 3, "in turn": 1, "gathered": 1}:
        raise Hint(f"The made-up calls are right; of the recorded traces you say {found}.")
    return "The guest had three open, and the program that gathers three calls never more than one."


# %% mistakes
MISTAKES = {
    "def together(calls):\n    return len(calls)": "Each ends before the next begins",
    "def together(calls):\n    return 3": "one alone counts as one",
    "def together(calls):\n    return 1": "All three are open",
    "def together(calls):\n    return calls": "Wanted is a whole number",
    "def together(calls):\n    return [call.name for call in calls]": "Wanted is a whole number",
    "def together(calls):\n    return any(a.end_ms > b.start_ms for a in calls for b in calls)": "a bool",
    """def together(calls):
    return max(sum(a.start_ms <= b.start_ms <= a.end_ms for a in calls) for b in calls)
""": "does not overlap it",
    """def together(calls):
    return max(sum(a.start_ms <= b.start_ms < a.end_ms for a in calls) for b in calls)
""": "raised ValueError",
    """def together(calls):
    return max((sum(a.start_ms < b.end_ms and b.start_ms < a.end_ms for a in calls) for b in calls), default=0)
""": "do not overlap each other",
    """def together(calls):
    most = open_now = 1
    for one, after in zip(calls, calls[1:]):
        open_now = open_now + 1 if after.start_ms < one.end_ms else 1
        most = max(most, open_now)
    return most
""": "ms together gave",
    """def together(calls):
    return 1 + sum(b.start_ms < a.end_ms for a, b in zip(calls, calls[1:]))
""": "need not be in the order",
    """def together(calls):
    if not calls:
        return None
    return max(sum(a.start_ms <= b.start_ms < a.end_ms for a in calls) for b in calls)
""": "so it is 0",
    """def together(calls):
    return max((sum(a.start_ms < b.start_ms < a.end_ms for a in calls) for b in calls), default=0)
""": "together gave 2; it is 3",
}
