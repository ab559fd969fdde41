"""Find what overlaps.

Write `overlap(one, other)`: for how many milliseconds two spans were open at the same time, or 0 if they never were. A
span has `start_ms` and `end_ms`. The check tries your function on the followed request as well.
"""

from janus_book.exercise import Hint


# %% answer
def overlap(one, other):
    ### BEGIN SOLUTION
    start = max(one.start_ms, other.start_ms)
    return max(0, min(one.end_ms, other.end_ms) - start)
    ### END SOLUTION


# %% check
def check(overlap):
    from types import SimpleNamespace as Span

    import janus_platform as janus
    from janus_book.journey import follow

    for one, other, true in (
        ((0, 40), (30, 90), 10),
        ((30, 90), (0, 40), 10),
        ((0, 90), (30, 40), 10),
        ((0, 10), (30, 40), 0),
        ((5, 45), (20, 80), 25),
    ):
        spans = [Span(start_ms=start, end_ms=end) for start, end in (one, other)]
        shown = f"{one[0]}–{one[1]} ms and {other[0]}–{other[1]} ms"
        try:
            said = overlap(*spans)
        except Exception as error:
            look = "A span has start_ms and end_ms; both spans are given."
            raise Hint(f"For spans of {shown}, overlap raises {type(error).__name__}. {look}") from None
        if said is None:
            raise Hint(
                "overlap returns nothing yet. The time in common lies between the later start and the earlier "
                "end."
            )
        if isinstance(said, bool) or not isinstance(said, int | float):
            raise Hint(f"overlap gave {said!r}. Return a number of milliseconds.")
        if said != true:
            raise Hint(f"Spans of {shown} share {true} ms; overlap gave {said:g}.")
    platform = janus.up()
    trace = follow(platform).trace(platform)
    model, picture = trace.named("inference"), trace.named("code_sandbox")
    shared = overlap(model[0], picture[0]) if model and picture else 0
    return f"In the followed request, model and sandbox worked at the same time for {shared:.0f} ms."


# %% mistakes
MISTAKES = {
    "def overlap(one, other):\n    return max(0, min(one.end, other.end) - max(one.start, other.start))": (
        "A span has start_ms and end_ms"
    ),
    "def overlap(one, other):\n    return one.start_ms < other.end_ms and other.start_ms < one.end_ms": (
        "Return a number of"
    ),
    "def overlap(one, other):\n    return 10 if one.end_ms > other.start_ms and other.end_ms > one.start_ms else 0": (
        "share 25 ms"
    ),
    "def overlap(one, other):\n    return one.start_ms < other.end_ms and 'yes'": "Return a number of milliseconds",
    "def overlap(one, other):\n    return one.end_ms - other.start_ms": "share 10 ms; overlap gave 90",
    "def overlap(one, other):\n    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)": (
        "share 0 ms"
    ),
}
