"""Leave one host out of the results.

Write `without_host(words, host)`: the query that finds `words` on every host but `host`.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def without_host(words, host):
    ### BEGIN SOLUTION
    return f"{words} -site:{host}"
    ### END SOLUTION


# %% check
def check(without_host):
    from janus_book.surroundings import fresh_minute

    fresh_minute()
    for words, host in (("quantum entanglement", "physics.org"), ("handshake", "networking.example.org")):
        query = without_host(words, host)
        if not query:
            raise Hint("Your function returns nothing yet. Which operator of the table leaves a site out?")
        if not isinstance(query, str):
            raise Hint(f"A query is a string; yours is {query!r}.")
        if '"' in query:
            raise Hint(f"{query!r} has quotes: it asks for the words in exactly that order, and so misses pages.")
        if not all(word in query for word in words.split()):
            raise Hint(f"{query!r} has lost some of the words {words!r}.")
        answer = httpx.post("https://search.janus.rodeo/search", json={"query": query, "num_results": 20})
        results = answer.json().get("results")
        if results is None:
            raise Hint(f"The service refused {query!r}: {answer.json()['detail']}")
        if any(httpx.URL(result["url"]).host == host for result in results):
            raise Hint(f"{query!r} still finds pages of {host}.")
    return f"{query!r} finds {len(results)} pages, none of them on {host}."


# %% mistakes
MISTAKES = {
    "def without_host(words, host):\n    return words": "still finds pages of",
    "def without_host(words, host):\n    return f'{words} site:{host}'": "still finds pages of",
    "def without_host(words, host):\n    return f'-site:{host}'": "has lost some of the words",
    "def without_host(words, host):\n    return f'{words} -site:{host}' * 20": "The service refused",
    "def without_host(words, host):\n    return f'\"{words}\" -site:{host}'": "has quotes",
    "def without_host(words, host):\n    return f'tides -site:{host}'": "has lost some of the words",
    "def without_host(words, host):\n    return ['-', host]": "is a string",
}
