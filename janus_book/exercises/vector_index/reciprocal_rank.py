"""Score one answer.

Write `reciprocal_rank(question, page)`: 1 divided by the rank of the first of twenty chunks whose source begins with
`page`, or 0 if none does. The mean of this over many questions is the MRR of the bars above.
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
    from janus_book.checking import fresh_minute

    fresh_minute()
    for question in ("How does TCP handshake work?", "How do I await several tasks?"):
        sources = _sources(question)
        new = [n for n, source in enumerate(sources) if not any(one.startswith(source) for one in sources[:n])]
        last = max(n for n in new if n < 20)
        beyond = [n for n in new if n >= 20]
        _expect(reciprocal_rank, question, sources[0], 1, f"The first chunk is from {sources[0]}")
        _expect(reciprocal_rank, question, "https://nowhere.example/", 0, "No chunk is from https://nowhere.example/")
        seen = f"For {question!r} the first chunk of {sources[last]} comes at rank {last + 1}"
        _expect(reciprocal_rank, question, sources[last], 1 / (last + 1), seen)
        begun = sources[last][:-1]
        if not any(one.startswith(begun) for one in sources[:last]):
            seen = f"The source at rank {last + 1} begins with {begun}, and continues after it"
            _expect(reciprocal_rank, question, begun, 1 / (last + 1), seen)
        inside = sources[0].removeprefix("https://")
        _expect(reciprocal_rank, question, inside, 0, f"{inside} is part of a source, but none begins with it")
        for n in beyond[:1]:
            seen = f"For {question!r} the first chunk of {sources[n]} comes at rank {n + 1}, after the twenty"
            _expect(reciprocal_rank, question, sources[n], 0, seen)
    return f"The page at rank {last + 1} counts 1/{last + 1}, and one that is not among the twenty 0."


def _expect(reciprocal_rank, question, page, wanted, seen):
    try:
        value = reciprocal_rank(question, page)
    except ZeroDivisionError:
        raise Hint(f"{seen}; yours divides by a rank of 0 there. The first rank is 1.") from None
    except (ValueError, IndexError) as error:
        raise Hint(f"{seen}; yours ends in {type(error).__name__} there: {error}.") from None
    if value is None and wanted == 1:
        raise Hint("Your function returns nothing yet. enumerate(chunks, 1) counts ranks from 1.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Hint(f"{seen}; you returned {value!r}, which is not a number.")
    if abs(value - wanted) > 1e-9:
        counts = "0" if wanted == 0 else "1 divided by that rank"
        raise Hint(f"{seen}: that counts {counts}, and you returned {value:.4g}.")


def _sources(question):
    body = {"query": question, "top_k": 50}
    answer = httpx.post("https://vector.janus.rodeo/query", json=body)
    return [chunk["source"] for chunk in answer.json()["chunks"]]


# %% mistakes
MISTAKES = {
    "def reciprocal_rank(question, page):\n    return 1": "that counts 0",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    found = [i for i, chunk in enumerate(chunks) if chunk['source'].startswith(page)]\n"
    "    return 1 / (found[0] + 2) if found else 0": "The first chunk is from",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return float(any(chunk['source'].startswith(page) for chunk in chunks))": "1 divided by that rank",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    ranks = [n for n, chunk in enumerate(chunks, 1) if chunk['source'] == page]\n"
    "    return 1 / ranks[0] if ranks else 0": "continues after it",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    ranks = [n for n, chunk in enumerate(chunks, 1) if page in chunk['source']]\n"
    "    return 1 / ranks[0] if ranks else 0": "none begins with it",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 50}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    ranks = [n for n, chunk in enumerate(chunks, 1) if chunk['source'].startswith(page)]\n"
    "    return 1 / ranks[0] if ranks else 0": "after the twenty",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    ranks = [n for n, chunk in enumerate(chunks, 1) if chunk['source'].startswith(page)]\n"
    "    return 1 / ranks[0] if ranks else 0": "1 divided by that rank",
    "def reciprocal_rank(question, page):\n"
    "    body = {'query': question, 'top_k': 20}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    for rank, chunk in enumerate(chunks, 1):\n"
    "        if chunk['source'].startswith(page):\n"
    "            return 1 / rank": "which is not a number",
    """def reciprocal_rank(question, page):
    body = {'query': question, 'top_k': 20}
    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']
    for rank, chunk in enumerate(chunks):
        if chunk['source'].startswith(page):
            return 1 / rank
    return 0
""": "The first rank is 1",
    """def reciprocal_rank(question, page):
    body = {'query': question, 'top_k': 20}
    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']
    return 1 / ([chunk['source'].startswith(page) for chunk in chunks].index(True) + 1)
""": "ends in ValueError",
    """def reciprocal_rank(question, page):
    body = {'query': question, 'top_k': 20}
    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']
    return sum(1 / n for n, chunk in enumerate(chunks, 1) if chunk['source'].startswith(page))
""": "1 divided by that rank",
}
