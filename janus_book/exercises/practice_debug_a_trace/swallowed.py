"""What went wrong and was not said?

Write `swallowed(trace)`: the calls that failed although the client got a good answer, as a list of pairs of name and
status in the order of the calls. A call failed where its `status` is 400 or more; `calls(trace)` lists them. The
client's own status is that of `trace.named("gateway")[0]`: where that is 400 or more, nothing was hidden from it.
"""

from janus_book.practice import calls

from janus_book.exercise import Hint


# %% answer
def swallowed(trace):
    ### BEGIN SOLUTION
    if trace.named("gateway")[0].status >= 400:
        return []
    return [(call.name, call.status) for call in calls(trace) if call.status >= 400]
    ### END SOLUTION


# %% check
def check(swallowed):
    from janus_book.checking import expect
    from janus_book.practice import recorded
    from janus_platform.traces.view import Trace

    traces = recorded("debug_a_trace")["traces"]

    def asked(raw, what):
        said = swallowed(Trace(raw))
        expect(said, list, "swallowed", "Go over `calls(trace)`, and keep those whose status is 400 or more.")
        for one in said:
            if not isinstance(one, tuple | list) or len(one) != 2:
                raise Hint(f"Of {what} swallowed gave {one!r}. A pair is wanted: the name of the call and its status.")
        return [tuple(one) for one in said]

    wrongly = [("search", 422), ("web_proxy", 502)]
    said = asked(traces["wrongly"], "the trace 'wrongly'")
    if said == wrongly[1:]:
        raise Hint("Yours lists the 502 alone. `failed` is for what the server did wrong: a 422 is not marked with it.")
    if said == [(status, name) for name, status in wrongly]:
        raise Hint("The two are there, the wrong way round: the name comes first.")
    if said == wrongly[::-1]:
        raise Hint("Both are there, in another order: list them as they were called.")
    if said != wrongly:
        raise Hint(f"Of the trace 'wrongly' swallowed gave {said}; two of its calls failed, with 422 and 502.")
    said = asked(traces["too often"], "the trace 'too often'")
    if said != [("search", 429)]:
        raise Hint(f"Of twenty searches one was refused, with 429, and swallowed gave {said}.")
    if said := asked(traces["at once"], "the trace 'at once'"):
        raise Hint(f"All calls of the trace 'at once' went well, and swallowed gave {said}.")
    told = {**traces["wrongly"], "spans": [_with_status(span, 502) for span in traces["wrongly"]["spans"]]}
    if said := asked(told, "a trace that ended in 502"):
        raise Hint(f"Here the client got a 502 itself: nothing was hidden, and swallowed gave {said}.")
    edge = {**traces["wrongly"], "spans": [_with_status(span, 399) for span in traces["wrongly"]["spans"]]}
    edge["spans"] = [{**s, "attributes": {**s["attributes"], "http.response.status_code": 400}}
                     if s["name"] == "search" else s for s in edge["spans"]]
    if asked(edge, "a trace with a 400") != wrongly[1:] and ("search", 400) not in asked(edge, "a trace with a 400"):
        raise Hint("A call with status 400 failed too: 400 or more.")
    asked(traces["crash"], "the trace 'crash', which called no service")
    return f"The client got 200, and {len(wrongly)} calls had failed. The third, to a forbidden host, is in no trace."


def _with_status(span, status):
    if span["name"] != "gateway":
        return span
    return {**span, "attributes": {**span["attributes"], "http.response.status_code": status}}


# %% mistakes
MISTAKES = {
    "def swallowed(trace):\n    return [call for call in calls(trace) if call.failed]": "A pair is wanted",
    "def swallowed(trace):\n    return [call.name for call in calls(trace) if call.status >= 400]": "A pair is wanted",
    """def swallowed(trace):
    return [(call.name, call.status) for call in calls(trace) if call.failed]
""": "a 422 is not marked",
    """def swallowed(trace):
    return [(call.name, call.status) for call in calls(trace) if call.status >= 500]
""": "Yours lists the 502 alone",
    """def swallowed(trace):
    return [(call.status, call.name) for call in calls(trace) if call.status >= 400]
""": "the name comes first",
    """def swallowed(trace):
    return [(call.name, call.status) for call in calls(trace) if call.status >= 400]
""": "nothing was hidden",
    """def swallowed(trace):
    return [(call.name, call.status) for call in trace.spans if call.status >= 400]
""": "raised TypeError",
    """def swallowed(trace):
    return [(call.name, call.status) for call in calls(trace)]
""": "Of twenty searches",
    """def swallowed(trace):
    return {call.name: call.status for call in calls(trace) if call.status >= 400}
""": "Wanted is a list",
    """def swallowed(trace):
    return sum(call.status >= 400 for call in calls(trace))
""": "Wanted is a list",
    """def swallowed(trace):
    return [(call.name, call.status) for call in calls(trace) if call.status == 422 or call.status == 502]
""": "one was refused, with 429",
    """def swallowed(trace):
    for call in calls(trace):
        if call.status >= 400:
            return [(call.name, call.status)]
    return []
""": "two of its calls failed",
    """def swallowed(trace):
    if trace.named('gateway')[0].status == 200:
        return []
    return [(call.name, call.status) for call in calls(trace) if call.status >= 400]
""": "two of its calls failed",
    """def swallowed(trace):
    bad = [(call.name, call.status) for call in calls(trace) if call.status >= 400]
    return bad[::-1] if trace.named('gateway')[0].status < 400 else []
""": "as they were called",
}
