"""Measure the time to first token.

Write `first_token_ms(events)`: when the first piece of reasoning or content came. `events` are in order; each has `ms`,
the milliseconds since the request was sent, and `text`. A ping is not a token, and neither is an event that brings only
a role.
"""

import json

from janus_book.exercise import Hint


# %% answer
def first_token_ms(events):
    ### BEGIN SOLUTION
    for event in events:
        if event.text.startswith("data: {"):
            choices = json.loads(event.text[6:]).get("choices")
            delta = choices[0]["delta"] if choices else {}
            if delta.get("reasoning_content") or delta.get("content"):
                return event.ms
    ### END SOLUTION


# %% check
def check(first_token_ms):
    import janus_platform as janus
    from janus_book.journey import Event, follow

    thought = Event(30.0, 'data: {"choices": [{"delta": {"reasoning_content": "Hm."}}]}')
    text = Event(70.0, 'data: {"choices": [{"delta": {"content": "Well"}}]}')
    later = Event(90.0, 'data: {"choices": [{"delta": {"content": " then"}}]}')
    for events, true, what in (
        ([thought, text], 30.0, "Reasoning counts"),
        ([text, later], 70.0, "Only the first token counts"),
        ([text], 70.0, "An answer may come without reasoning"),
        ([Event(10.0, ": ping"), text], 70.0, "A ping is not a token"),
        ([Event(5.0, 'data: {"choices": [{"delta": {"role": "assistant"}}]}'), text], 70.0, "A role is not a token"),
        ([Event(5.0, 'data: {"choices": [{"delta": {"content": ""}}]}'), text], 70.0, "Empty content is not a token"),
        ([Event(4.0, 'data: {"choices": [], "usage": {}}'), text], 70.0, "An event may have no choices"),
    ):
        try:
            said = first_token_ms(events)
        except Exception as error:
            raise Hint(f"{what}, and there first_token_ms raises {type(error).__name__}.") from None
        if said is None:
            raise Hint(
                "first_token_ms found no token. Go through the events and return the ms of the first that has "
                "one."
            )
        if isinstance(said, bool) or not isinstance(said, int | float):
            raise Hint(f"first_token_ms gave {type(said).__name__}, not a number. Which part of an event is the time?")
        if said != true:
            raise Hint(f"{what}: the first token came after {true:g} ms; first_token_ms gave {said:g}.")
    platform = janus.up()
    journey = follow(platform)
    inside = journey.trace(platform).first_token_ms
    return f"Your client saw its first token after {first_token_ms(journey.events):.1f} ms, the trace {inside:.1f} ms."


# %% mistakes
MISTAKES = {
    "def first_token_ms(events):\n    times = {k: e.ms for e in events for k in ('reasoning', '\"content')"
    " if k in e.text and '\"\"' not in e.text}\n"
    "    return min(times.values(), default=None)": "Only the first token counts",
    "def first_token_ms(events):\n    return events[0]": "Which part of an event",
    "def first_token_ms(events):\n    return [e for e in events if 'content\"' in e.text][0].ms": "Empty content",
    "def first_token_ms(events):\n    return events[0].ms": "A ping is not a token",
    "def first_token_ms(events):\n    return [e for e in events if e.text[:4] == 'data'][0].ms": "A role is not a",
    "def first_token_ms(events):\n    return [e for e in events if '\"content\"' in e.text][0].ms": "Reasoning counts",
}
