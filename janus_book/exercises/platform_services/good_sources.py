"""Keep the good sources.

Write `sources(question, lowest)`: ask the vector index for the 20 best chunks and return the sources of those whose
score is at least `lowest`, the best first, each source once.
"""

import httpx

from janus_book.exercise import Hint
from janus_book.surroundings import fresh_minute


# %% answer
def sources(question, lowest):
    found = httpx.post(
        "https://vector.janus.rodeo/query", json={"query": question, "top_k": 20}
    ).json()["chunks"]
    ### BEGIN SOLUTION
    good = [chunk["source"] for chunk in found if chunk["score"] >= lowest]
    return list(dict.fromkeys(good))
    ### END SOLUTION


# %% check
def check(sources):
    from janus_platform.contract import load_contract

    question = "How does TCP handshake work?"
    fresh_minute()
    url = load_contract().services["vector_index"].url
    chunks = httpx.post(url, json={"query": question, "top_k": 20}).json()["chunks"]
    middle = chunks[len(chunks) // 2]["score"]
    got = sources(question, middle)
    if got is None:
        raise Hint("sources returns nothing yet. Each chunk in `found` has a `score` and a `source`.")
    if not isinstance(got, list):
        raise Hint(
            f"A list is asked for, since the order says which source is best; sources gave a {type(got).__name__}."
        )
    good = [chunk["source"] for chunk in chunks if chunk["score"] >= middle]
    if len(got) != len(set(got)):
        twice = next(source for source in got if got.count(source) > 1)
        raise Hint(f"{twice} is there {got.count(twice)} times: one page can have several good chunks.")
    if unwanted := [source for source in got if source not in good]:
        raise Hint(f"With lowest={middle:.3f} you kept {unwanted[0]}, whose score is lower.")
    if missing := [source for source in good if source not in got]:
        raise Hint(f"With lowest={middle:.3f} {missing[0]} is missing, whose score is high enough. At least means >=.")
    if got != list(dict.fromkeys(good)):
        raise Hint("The right sources, but not the best first. The service gives them in that order already.")
    return f"{len(chunks)} chunks, {len(got)} good sources, first {got[0]}."


# %% mistakes
MISTAKES = {
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return [chunk["source"] for chunk in found if chunk["score"] >= lowest]
""": "several good chunks",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return list({chunk["source"]: 1 for chunk in found})
""": "whose score is lower",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return list({chunk["source"]: 1 for chunk in found if chunk["score"] > lowest + 0.1})
""": "is missing",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return {chunk["source"] for chunk in found if chunk["score"] >= lowest}
""": "A list is asked for",
}
