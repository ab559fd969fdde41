"""Read one knowledge base only.

Write `passages_from(host, question)`: the texts of the three best chunks for `question` that come from `host`, best
first, as a list of strings.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def passages_from(host, question):
    ### BEGIN SOLUTION
    answer = httpx.post(
        "https://vector.janus.rodeo/query",
        json={"query": question, "top_k": 3, "source": host},
    )
    return [chunk["content"] for chunk in answer.json()["chunks"]]
    ### END SOLUTION


# %% check
def check(passages_from):
    from janus_book.surroundings import fresh_minute

    fresh_minute()
    for host, question in (("physics.org", "Why does the sea rise?"), ("docs.python.org", "wait for many tasks")):
        wanted = _chunks(host, question)
        found = passages_from(host, question)
        if found is None:
            raise Hint("Your function returns nothing yet. Which parameter of /query keeps to one host?")
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise Hint("Return a list of strings: of each chunk, its field `content`.")
        if len(found) != 3:
            raise Hint(f"You returned {len(found)} passages instead of three. Which parameter says how many come?")
        if found != [chunk["content"] for chunk in wanted]:
            raise Hint(f"These are not the best three of {host}. Let the service filter: it sees all chunks of a host.")
    return "Three passages from each host, best first."


def _chunks(host, question):
    body = {"query": question, "top_k": 3, "source": host}
    return httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]


# %% mistakes
MISTAKES = {
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    return httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']": "its field `content`",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks]": "instead of three",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks]": "not the best three",
}
