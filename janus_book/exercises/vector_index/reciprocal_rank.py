"""Score one answer.

Write `reciprocal_rank(question, page)`: 1 divided by the rank of the first of twenty chunks whose source begins with
`page`, and 0 when none does. The mean of this over many questions is the MRR of the bars above.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def reciprocal_rank(question, page):
    ### BEGIN SOLUTION
    chunks = httpx.post(
        "https://vector.janus.rodeo/query", json={"query": question, "top_k": 20}
    ).json()["chunks"]
    for rank, chunk in enumerate(chunks, 1):
        if chunk["source"].startswith(page):
            return 1 / rank
    return 0
    ### END SOLUTION


# %% check
def check(reciprocal_rank):
    from janus_book.surroundings import fresh_minute

    fresh_minute()
    question = "How does TCP handshake work?"
    sources = _sources(question)
    first = sources[0]
    if (value := reciprocal_rank(question, first)) is None:
        raise Hint("Your function returns nothing yet. enumerate(chunks, 1) counts ranks from 1.")
    if value != 1:
        raise Hint(f"The first chunk is from {first}, so its reciprocal rank is 1; you returned {value!r}.")
    if (value := reciprocal_rank(question, "https://nowhere.example/")) != 0:
        raise Hint(f"No chunk is from https://nowhere.example/: that counts 0, and you returned {value!r}.")
    rank = next(i for i in range(2, 21) if not any(source.startswith(sources[i - 1]) for source in sources[: i - 1]))
    later = sources[rank - 1]
    if abs(reciprocal_rank(question, later) - 1 / rank) > 1e-9:
        raise Hint(f"{later} comes first at rank {rank}, so it counts 1/{rank}; you returned something else.")
    return f"The page at rank {rank} counts 1/{rank}, and one that is not found 0."


def _sources(question):
    body = {"query": question, "top_k": 20}
    answer = httpx.post("https://vector.janus.rodeo/query", json=body)
    return [chunk["source"] for chunk in answer.json()["chunks"]]


# %% mistakes
MISTAKES = {
    "def reciprocal_rank(question, page):\n    return 1": "that counts 0",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    found = [i for i, chunk in enumerate(chunks) if chunk['source'].startswith(page)]\n"
    "    return 1 / (found[0] + 2) if found else 0": "its reciprocal rank is 1",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return float(any(chunk['source'].startswith(page) for chunk in chunks))": "something else",
}
