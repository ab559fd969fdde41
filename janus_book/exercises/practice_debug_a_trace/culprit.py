"""Who kept the reader waiting?

Write `culprit(calls, silence)`: the name of the call that a silence in the stream was waiting for. That is the call
whose end lies within the silence; where several do, the one that ended last, since the stream went on after it; where
none does, None. A silence begins at `silence.start_ms` and lasts `silence.ms`; a call has `name`, `start_ms` and
`end_ms`.
"""

from janus_book.exercise import Hint


# %% answer
def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    ### BEGIN SOLUTION
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= end]
    return max(inside, key=lambda call: call.end_ms).name if inside else None
    ### END SOLUTION


# %% check
def check(culprit):
    from types import SimpleNamespace as Some

    from janus_book.checking import expect
    from janus_book.practice import calls, recorded
    from janus_platform.traces.view import Trace

    begin = "Which of the calls has an `end_ms` between the begin and the end of the silence?"
    for times, silence, true, why in (
        ({"search": (0, 150)}, (100, 100), "search", "Only search ended within the silence."),
        (
            {"inference": (90, 180), "code_sandbox": (0, 900)},
            (100, 100),
            "inference",
            "code_sandbox was open all the time and longer, and the stream went on without it.",
        ),
        (
            {"search": (0, 95), "web_proxy": (96, 190)},
            (100, 100),
            "web_proxy",
            "search was over before the silence began.",
        ),
        (
            {"vector_index": (90, 190), "search": (90, 120)},
            (100, 100),
            "vector_index",
            "Both ended within it; after search was back, the stream was still silent.",
        ),
        (
            {"inference": (60, 130), "web_proxy": (150, 195)},
            (100, 100),
            "web_proxy",
            "Both ended within it; it went on only after web_proxy was back, however short that call was.",
        ),
    ):
        made = [Some(name=name, start_ms=start, end_ms=end) for name, (start, end) in times.items()]
        said = culprit(made, Some(start_ms=silence[0], ms=silence[1]))
        shown = "; ".join(f"{name} {start}–{end} ms" for name, (start, end) in times.items())
        if isinstance(said, Some):
            raise Hint("culprit gave a call. Its `name` is wanted.")
        if said is None:
            raise Hint(f"Calls: {shown}; silence 100–200 ms. culprit gave nothing. {begin}")
        expect(said, str, "culprit", begin)
        if said != true:
            raise Hint(f"Calls: {shown}; silence 100–200 ms. culprit gave {said!r}. {why}")
    for made, what in (
        ([Some(name="search", start_ms=0, end_ms=900)], "The only call ended long after the silence"),
        ([Some(name="search", start_ms=0, end_ms=60)], "The only call ended before the silence"),
        ([], "There was no call at all"),
    ):
        try:
            said = culprit(made, Some(start_ms=100, ms=100))
        except (ValueError, IndexError) as error:
            raise Hint(f"{what}, and culprit raises {type(error).__name__}: "
f"{error}. Then nothing is to blame.") from None
        if said is not None:
            raise Hint(f"{what}, and culprit gave {said!r}. Then nothing that was called is to blame: None.")
    traces = recorded("debug_a_trace")["traces"]
    found = []
    for name, true in (("suspect", "inference"), ("answer", "vector_index")):
        trace = Trace(traces[name])
        found.append(said := culprit(calls(trace), trace.longest_gap))
        if said != true:
            raise Hint(f"The made-up calls are right; of the recorded trace {name!r} you say {said!r}.")
    return f"The first trace waited for {found[0]}, not for its longest bar; the other for {found[1]}."


# %% mistakes
MISTAKES = {
    """def culprit(calls, silence):
    return max(calls, key=lambda call: call.end_ms - call.start_ms).name
""": "the stream went on without it",
    """def culprit(calls, silence):
    return max(calls, key=lambda call: call.end_ms).name
""": "the stream went on without it",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= end]
    return max(inside, key=lambda call: call.end_ms)
""": "Its `name` is wanted",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= end]
    return max(inside, key=lambda call: call.end_ms).name
""": "Then nothing is to blame",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    return [call.name for call in calls if silence.start_ms <= call.end_ms <= end]
""": "Wanted is a string",
    """def culprit(calls, silence):
    for call in calls:
        if silence.start_ms <= call.end_ms <= silence.start_ms + silence.ms:
            return call.name
""": "it went on only after web_proxy",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= end]
    return max(inside, key=lambda call: call.end_ms - call.start_ms).name if inside else None
""": "however short that call was",
    """def culprit(calls, silence):
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= silence.ms]
    return inside[-1].name if inside else None
""": "culprit gave nothing",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    inside = [call for call in calls if call.start_ms <= silence.start_ms <= call.end_ms]
    return max(inside, key=lambda call: call.end_ms).name if inside else None
""": "the stream went on without it",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    before = [call for call in calls if call.end_ms <= end]
    return max(before, key=lambda call: call.end_ms).name if before else None
""": "ended before the silence",
    """def culprit(calls, silence):
    return silence.ms
""": "Wanted is a string",
    """def culprit(calls, silence):
    return 'inference'
""": "Only search ended",
    """def culprit(calls, silence):
    end = silence.start_ms + silence.ms
    inside = [call for call in calls if silence.start_ms <= call.end_ms <= end]
    return min(inside, key=lambda call: call.end_ms).name if inside else None
""": "after search was back, the stream was still silent",
}
