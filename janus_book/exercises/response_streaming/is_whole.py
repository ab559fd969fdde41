"""Is the answer whole?

Write `is_whole(events)`: whether a stream, given as the list of its events, ended as it should: the last event is the
end marker, and no event before it brought an error.
"""

from janus_book.exercise import Hint


# %% answer
def is_whole(events):
    ### BEGIN SOLUTION
    broken = any(event.startswith('data: {"error"') for event in events)
    return bool(events) and events[-1] == "data: [DONE]" and not broken
    ### END SOLUTION


# %% check
def check(is_whole):
    import janus_platform as janus
    from janus_book.journey import follow, send
    from janus_platform.implementations import GUEST

    platform = janus.up()
    if all(one["name"] != "guest" for one in platform.implementations()):
        platform.submit(GUEST, name="guest")
    followed = [event.text for event in follow(platform).events]

    def told(message):
        body = {"model": "guest", "messages": [{"role": "user", "content": message}], "stream": True}
        return [event.text for event in send(platform, body).events]

    fault = 'data: {"error": {"message": "The model is gone.", "code": "upstream_error"}}'
    word = 'data: {"choices": [{"delta": {"content": "error"}}]}'
    quoted = 'data: {"choices": [{"delta": {"content": "[DONE]"}}]}'
    for events, true, what in (
        (followed, True, "The followed answer ended with its end marker."),
        (told("cut"), False, "The guest's connection broke, and the last event is an error."),
        (followed[:-1], False, "Without [DONE], nobody knows whether more would have come."),
        ([*followed[:3], fault, followed[-1]], False, "An error event came before the end marker."),
        ([word, followed[-1]], True, "An answer may talk about an error without being one."),
        ([*followed[:3], quoted], False, "The last event only quotes [DONE] in its content."),
        ([], False, "Nothing came at all."),
    ):
        try:
            said = is_whole(events)
        except Exception as error:
            raise Hint(f"is_whole raises {type(error).__name__}. {what}") from None
        if said is None:
            raise Hint("is_whole returns nothing yet. Look at the last event, events[-1], first.")
        if not isinstance(said, bool):
            raise Hint(f"is_whole gave {said!r}. Return True or False: compare the last event with the end marker.")
        if said != true:
            raise Hint(f"{what} is_whole gave {said!r}.")
    return "It tells a whole answer from a broken one, a cut one and none."


# %% mistakes
MISTAKES = {
    "def is_whole(events):\n    return events and events[-1]": "Return True or False",
    "def is_whole(events):\n    return bool(events) and events[-1] == 'data: [DONE]'"
    " and not any('error' in event for event in events)": "may talk about an error",
    "def is_whole(events):\n    return bool(events) and '[DONE]' in events[-1]"
    " and not any('{\"error\"' in event for event in events)": "only quotes",
    "def is_whole(events):\n    return True": "connection broke",
    "def is_whole(events):\n    return not any('error' in event for event in events)": "whether more would have come",
    "def is_whole(events):\n    return events[-1] == 'data: [DONE]'": "before the end marker",
}
