"""Pass the trace on.

Write `onward(received)`: it gets the headers of the request that an implementation received (a dictionary, names in
lower case), and returns the headers to send along with a service call. Only `traceparent` is passed on; the user's key
is not. If the request has no `traceparent`, there is nothing to pass on.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def onward(received):
    ### BEGIN SOLUTION
    return {name: value for name, value in received.items() if name == "traceparent"}
    ### END SOLUTION


# %% check
def check(onward):
    import janus_platform as janus

    platform = janus.up()
    with platform.client_span() as call:
        received = {"authorization": "Bearer mine", "accept": "*/*", "cookie": "seat=7", "tracestate": "shop=1"}
        received |= call.headers
        given = dict(received)
        sent = onward(given)
        if given != received:
            raise Hint("onward changes the headers that it was given. The implementation needs them as they came.")
        if not isinstance(sent, dict):
            raise Hint("onward does not return a dictionary yet. Which of the received headers carries the trace id?")
        if "authorization" in sent:
            raise Hint("The user's key would leave with the call. Pass on traceparent alone.")
        if "accept" in sent:
            raise Hint("accept is passed on too. Only one name may be: traceparent.")
        if others := [name for name in sent if name != "traceparent"]:
            raise Hint(f"{others[0]} is passed on too. Name the one header to pass on, not those to leave out.")
        httpx.post("https://search.janus.rodeo/search", json={"query": "spin"}, headers=sent, timeout=30)
    calls = platform.trace(call.trace_id).named("search")
    if not calls and "traceparent" in sent:
        raise Hint("The search is not in the trace: this traceparent is not the one that came. Pass it on unchanged.")
    if not calls:
        raise Hint(f"The search is not in the trace. onward gave {', '.join(sent) or 'nothing'}, not traceparent.")
    try:
        left = onward({"accept": "*/*"})
    except Exception as error:
        raise Hint(
            f"If traceparent is missing, onward raises {type(error).__name__}. Return no headers "
            "then."
        ) from None
    if left is None:
        raise Hint("For a request without traceparent onward returns None. Return a dictionary, even an empty one.")
    if left:
        raise Hint(f"A request without traceparent leaves nothing to pass on; onward gave {left!r}.")
    return f"A search with your headers is in the trace, attached as {calls[0].attached}."


# %% mistakes
MISTAKES = {
    "def onward(received):\n    made = '00-' + '1' * 32 + '-' + '2' * 16 + '-01'\n"
    "    return {'traceparent': made} if 'traceparent' in received else {}": "not the one that came",
    "def onward(received):\n    return {k: v for k, v in received.items() if k != 'authorization'}": "is passed on too",
    "def onward(received):\n    if 'traceparent' in received:\n"
    "        return {'traceparent': received['traceparent']}": "onward returns None",
    "def onward(received):\n    return received": "The user's key",
    "def onward(received):\n    return {k: v for k, v in received.items() if k not in ('authorization', 'accept')}": (
        "cookie is passed on"
    ),
    "def onward(received):\n    return {k: v for k, v in received.items() if k.startswith('trace')}": "tracestate",
    "def onward(received):\n    del received['authorization']\n    return received": "changes the headers",
    "def onward(received):\n    return {}": "not in the trace",
    "def onward(received):\n    return {'traceparent': received['traceparent']}": "raises KeyError",
    "def onward(received):\n    return {'traceparent': received.get('traceparent')}": "leaves nothing",
}
