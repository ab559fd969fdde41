"""How long did the start take?

Write `start_ms(trace)`: how many milliseconds passed from when the node was asked until the implementation got the
request. In a trace, `trace.named("node")` and `trace.named("implementation")` are lists of spans with `start_ms` and
`end_ms`.
"""

from janus_book.exercise import Hint


# %% answer
def start_ms(trace):
    ### BEGIN SOLUTION
    return trace.named("implementation")[0].start_ms - trace.named("node")[0].start_ms
    ### END SOLUTION


# %% check
def check(start_ms):
    import janus_platform as janus
    from janus_book.journey import follow
    from janus_platform.traces.view import Trace

    def span(name, start, end):
        times = {"start_ns": start * 10**6, "end_ns": end * 10**6}
        rest = {"parent_id": None, "status": "unset", "attributes": {}, "events": []}
        return {"span_id": name, "name": name, **times, **rest}

    cold = [span("gateway", 1_000, 1_900), span("node", 1_002, 1_900), span("implementation", 1_602, 1_899)]
    begin = "Take the first span that named() gives for each of the two, and their start_ms."
    try:
        said = start_ms(Trace({"trace_id": "0" * 32, "spans": cold}))
    except Exception as error:
        raise Hint(f"start_ms raises {type(error).__name__} for a trace with one node. {begin}") from None
    if said is None:
        raise Hint(
            "start_ms returns nothing yet. Where does the implementation's bar begin, and where does the "
            "node's?"
        )
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise Hint(f"start_ms gave a {type(said).__name__}. Return a number: `start_ms` of a span is one.")
    if round(said) == 602:
        raise Hint("602 ms counts from the beginning of the trace. The node was asked 2 ms later.")
    if round(said) != 600:
        raise Hint(f"The node's bar begins at 2 ms and the implementation's at 602 ms; start_ms gave {said:g}.")
    warm = [span("gateway", 1_000, 1_400), span("node", 1_005, 1_400), span("implementation", 1_012, 1_399)]
    another = "In another trace the node begins at 5 ms, the implementation at 12 ms"
    try:
        said = start_ms(Trace({"trace_id": "1" * 32, "spans": warm}))
    except Exception as error:
        raise Hint(f"{another}, and there start_ms raises {type(error).__name__}. {begin}") from None
    if isinstance(said, bool) or not isinstance(said, int | float) or round(said) != 7:
        raise Hint(f"{another}; start_ms gave {said!r}.")
    platform = janus.up()
    return f"The followed request waited {start_ms(follow(platform).trace(platform)):.1f} ms for its implementation."


# %% mistakes
MISTAKES = {
    "def start_ms(trace):\n    return trace.named('implementation').start_ms - trace.named('node').start_ms": (
        "Take the first span that named() gives"
    ),
    "def start_ms(trace):\n    return trace.named('implementation')[0]": "gave a Span",
    "def start_ms(trace):\n    wait = trace.named('implementation')[0].start_ms - trace.named('node')[0].start_ms\n"
    "    if wait > 100:\n        return wait": "In another trace",
    "def start_ms(trace):\n    return 600": "In another trace",
    "def start_ms(trace):\n    return trace.named('implementation')[0].start_ms - 2": "In another trace",
    "def start_ms(trace):\n    return '600 ms'": "Return a number",
    "def start_ms(trace):\n    return trace.named('implementation')[0].start_ms": "counts from the beginning",
    "def start_ms(trace):\n    return trace.named('node')[0].duration_ms": "begins at 2 ms",
}
