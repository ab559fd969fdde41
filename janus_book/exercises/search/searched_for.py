"""Say what was really searched for.

Write `searched_for(query)`: it searches, and returns the query that the answer belongs to. If a typo was corrected,
this is the corrected query, and otherwise `query` itself.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def searched_for(query):
    answer = httpx.post(
        "https://search.janus.rodeo/search", json={"query": query}
    ).json()
    ### BEGIN SOLUTION
    return answer.get("corrected_query", query)
    ### END SOLUTION


# %% check
def check(searched_for):
    from janus_book.checking import fresh_minute

    fresh_minute()
    for typed, meant in (
        ("phtosynthesis of plants", "photosynthesis of plants"),
        ("remte attestation", "remote attestation"),
    ):
        got = _asked(searched_for, typed)
        if got is None:
            raise Hint(
                "Your function returns nothing yet. Which field of the answer came with a typo, in the cells above?"
            )
        if isinstance(got, dict):
            raise Hint("That is the whole answer. Which of its fields says what was searched for?")
        if not isinstance(got, str):
            raise Hint(f"A query is a string; for {typed!r} your function gives {got!r}.")
        if got != meant:
            raise Hint(f"For {typed!r} the service did not search {got!r}. Its answer says what it searched.")
    right = _asked(searched_for, "tides")
    if isinstance(right, dict):
        raise Hint("For 'tides' you return the whole answer. Nothing was corrected: which query does it belong to?")
    if right != "tides":
        raise Hint(f"'tides' is spelled right: the answer has no `corrected_query` then, and you returned {right!r}.")
    large = _asked(searched_for, "TIDES")
    if large != "TIDES":
        raise Hint(
            f"'TIDES' was searched as you wrote it, and you returned {large!r}. Leave the query as it was "
            "given."
        )
    quoted = _asked(searched_for, '"tydes"')
    if quoted != '"tydes"':
        raise Hint(f"Words in quotes are never corrected, but you returned {quoted!r} for '\"tydes\"'.")
    return f"{typed!r} was searched as {meant!r}, and 'tides' unchanged."


def _asked(searched_for, query):
    try:
        return searched_for(query)
    except KeyError as error:
        raise Hint(f"For the query {query!r} the answer has no field {error}. What does a dict's get() do?") from None


# %% mistakes
MISTAKES = {
    "def searched_for(query):\n    return query": "the service did not search",
    "def searched_for(query):\n    return {'results': [], 'corrected_query': query}": "the whole answer",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query})\n"
    "    return answer.json()['corrected_query']": "has no field",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query})\n"
    "    return answer.json().get('corrected_query')": "no `corrected_query` then",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query}).json()\n"
    "    return answer.get('corrected_query', answer)": "which query does it belong to",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query}).json()\n"
    "    return [answer.get('corrected_query', query)]": "A query is a string",
    "def searched_for(query):\n    return query.replace('phto', 'photo')": "For 'remte attestation'",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query}).json()\n"
    "    return answer.get('corrected_query', query).strip('\"')": "never corrected",
    "def searched_for(query):\n"
    "    answer = httpx.post('https://search.janus.rodeo/search', json={'query': query}).json()\n"
    "    return answer.get('corrected_query', query).lower()": "as it was given",
}
