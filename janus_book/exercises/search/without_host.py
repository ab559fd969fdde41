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
    from janus_book.checking import fresh_minute

    fresh_minute()
    for words, host in (
        ("quantum entanglement", "physics.org"),
        ("handshake", "networking.example.org"),
        ("light", "encyclopedia.example"),
    ):
        query = without_host(words, host)
        if not query:
            raise Hint("Your function returns nothing yet. Which operator of the table leaves a site out?")
        if not isinstance(query, str):
            raise Hint(f"A query is a string; your function returns a {type(query).__name__}.")
        if '"' in query:
            raise Hint(f"{query!r} has quotes: it asks for the words in exactly that order, and so misses pages.")
        if not all(word in query.lower().split() for word in words.split()):
            raise Hint(f"{query!r} has lost some of the words {words!r}. Separate them from the operator with a space.")
        found = _found(query)
        if on_it := [url for url in found if httpx.URL(url).host == host]:
            raise Hint(f"{query!r} still finds pages of {host}, such as {on_it[0]}.")
        alone = _found(words)
        if len(alone) < 20 and (more := [url for url in found if url not in alone]):
            raise Hint(f"{query!r} finds {more[0]}, which {words!r} does not find. What else does your query ask for?")
        if lost := [url for url in alone if httpx.URL(url).host != host and url not in found]:
            raise Hint(f"{query!r} misses {lost[0]}, which is on another host. Leave out only {host}.")
    return f"{query!r} finds {len(found)} pages, none of them on {host}."


def _found(query):
    answer = httpx.post("https://search.janus.rodeo/search", json={"query": query, "num_results": 20}).json()
    if "results" not in answer:
        raise Hint(f"The service refused {query[:80]!r}: {answer['detail']}")
    return [result["url"] for result in answer["results"]]


# %% mistakes
MISTAKES = {
    "def without_host(words, host):\n    return words": "still finds pages of",
    "def without_host(words, host):\n    return f'{words} site:{host}'": "still finds pages of",
    "def without_host(words, host):\n    return f'-site:{host}'": "has lost some of the words",
    "def without_host(words, host):\n    return f'{words} -site:{host} ' * 20": "The service refused",
    "def without_host(words, host):\n    return f'\"{words}\" -site:{host}'": "has quotes",
    "def without_host(words, host):\n    return f'tides -site:{host}'": "has lost some of the words",
    "def without_host(words, host):\n    return f'{words}-site:{host}'": "from the operator with a space",
    "def without_host(words, host):\n    return f'{words} -{host}'": "still finds pages of",
    "def without_host(words, host):\n    return f'{words} -site:physics.org'": "still finds pages of networking",
    "def without_host(words, host):\n    return f'{words} -site:org'": "still finds pages of encyclopedia",
    "def without_host(words, host):\n    return f'{words} site:http.example'": "misses",
    "def without_host(words, host):\n    return ['-', host]": "is a string",
    "def without_host(words, host):\n    return f'{words} OR pages -site:{host}'": "What else does your query ask for",
    "def without_host(words, host):\n    return f'{words} - site:{host}'": "still finds pages of",
    "def without_host(words, host):\n    return f'{words} NOT site:{host}'": "still finds pages of",
}
