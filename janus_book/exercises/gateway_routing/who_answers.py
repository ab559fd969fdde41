"""Be the router.

Write `who_answers(body, first)`: the name of the implementation that answers the request `body`. `first` is the name of
the implementation that `janus` stands for at the moment. The check asks the gateway the same.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def who_answers(body, first):
    ### BEGIN SOLUTION
    wanted = body.get("competitor_id") or body["model"]
    return first if wanted == "janus" else wanted
    ### END SOLUTION


# %% check
def check(who_answers):
    import janus_platform as janus

    url = janus.up().url
    first = httpx.get(f"{url}/health").json()["janus"]
    messages = [{"role": "user", "content": "Hello"}]
    for choice in (
        {"model": "echo"},
        {"model": "janus"},
        {"model": "janus", "competitor_id": "echo"},
        {"model": "research", "competitor_id": "echo"},
        {"model": "echo", "competitor_id": "janus"},
    ):
        body = {**choice, "messages": messages}
        response = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
        true = response.headers["x-janus-implementation"]
        given = {**body}
        try:
            said = who_answers(given, first)
        except KeyError as error:
            raise Hint(f"For {choice} who_answers raises KeyError: {error} is not in every body. Use get().") from None
        if said is None:
            raise Hint("who_answers returns nothing yet. Which two fields of the body can name an implementation?")
        if not isinstance(said, str):
            raise Hint(f"For {choice} who_answers gave a {type(said).__name__}. Return a name, as a string.")
        if given != body:
            raise Hint("who_answers changes the body that it was given. The implementation needs the body as it came.")
        if said != true:
            raise Hint(f"For {choice} the gateway says {true}, and who_answers says {said}. Which field wins?")
    for body in ({"model": "janus"}, {"model": "echo", "competitor_id": "janus"}):
        said = who_answers({**body, "messages": messages}, "newcomer")
        if said != "newcomer":
            raise Hint(f"On another day newcomer is first, and {body} goes to it; who_answers says {said}.")
    return f"Five requests, and the gateway agrees; janus is {first} now."


# %% mistakes
MISTAKES = {
    "def who_answers(body, first):\n    wanted = body.get('competitor_id') or body['model']\n"
    "    import httpx, janus_platform\n"
    "    now = httpx.get(janus_platform.up().url + '/health').json()['janus']\n"
    "    return now if wanted == 'janus' else wanted": "On another day",
    "def who_answers(body, first):\n    return body['model']": "Which field wins",
    "def who_answers(body, first):\n    return first if body['competitor_id'] == 'janus' else body['competitor_id']": (
        "is not in every body"
    ),
    "def who_answers(body, first):\n    return [body['model'], first]": "Return a name",
    "def who_answers(body, first):\n    wanted = body.pop('competitor_id', None) or body['model']\n"
    "    return first if wanted == 'janus' else wanted": "changes the body",
    "def who_answers(body, first):\n    return first": "Which field wins",
    "def who_answers(body, first):\n    return first if body['model'] == 'janus' else body['model']": "competitor_id",
    "def who_answers(body, first):\n    return body.get('competitor_id') or "
    "(first if body['model'] == 'janus' else body['model'])": "'competitor_id': 'janus'",
}
