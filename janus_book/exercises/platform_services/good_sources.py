"""Keep the good sources.

Write `sources(question, lowest)`: ask the vector index for the 20 best chunks and return the sources of those whose
score is at least `lowest`, best first and each source once.
"""

import httpx

from janus_book.exercise import Hint
from janus_book.checking import fresh_minute


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

    url = load_contract().services["vector_index"].url
    fresh_minute()
    # With the last question, sources come again after others.
    for question in (
        "How does TCP handshake work?",
        "What did Bell's theorem rule out?",
        "How do I await several tasks?",
    ):
        chunks = httpx.post(url, json={"query": question, "top_k": 20}).json()["chunks"]
        all_sources = [chunk["source"] for chunk in chunks]
        # A score with which a source begins: with > instead of >= that source is missing.
        first = [n for n, source in enumerate(all_sources) if source not in all_sources[:n]]
        lowest = chunks[first[-2] if len(first) > 2 else first[-1]]["score"]
        good = [chunk["source"] for chunk in chunks if chunk["score"] >= lowest]
        _compare(sources(question, lowest), good, all_sources, f"For {question!r} and lowest={lowest}")
    if (got := sources(question, 1.1)) != []:
        raise Hint(f"No score is as high as 1.1, so the result is an empty list; sources gave {str(got)[:80]}.")
    return f"{len(chunks)} chunks, {len(set(good))} good sources, first {good[0]}."


def _compare(got, good, all_sources, asked):
    if got is None:
        raise Hint("sources returns nothing yet. Each chunk in `found` has a `score` and a `source`.")
    if not isinstance(got, list):
        raise Hint(
            f"Return a list, since the order says which source is best; sources gave a {type(got).__name__}."
        )
    if other := [one for one in got if not isinstance(one, str)]:
        raise Hint(f"Your list holds a {type(other[0]).__name__}. Take only the `source` of each chunk.")
    if len(got) != len(set(got)):
        twice = next(source for source in got if got.count(source) > 1)
        raise Hint(f"{twice} is there {got.count(twice)} times: one page can have several good chunks.")
    if strange := [source for source in got if source not in all_sources]:
        raise Hint(
            f"{asked} you gave {strange[0][:60]!r}, which is not a source of its 20 chunks. Was that the "
            "question?"
        )
    if unwanted := [source for source in got if source not in good]:
        raise Hint(f"{asked} you kept {unwanted[0]}, whose score is lower.")
    if missing := [source for source in dict.fromkeys(good) if source not in got]:
        raise Hint(
            f"{asked} {missing[0]} is missing, whose score is high enough. Does a score of exactly `lowest` "
            "count?"
        )
    if got != list(dict.fromkeys(good)):
        raise Hint("The right sources, but not the best first. The service gives them in that order already.")


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
    return list({chunk["source"]: 1 for chunk in found if chunk["score"] > lowest})
""": "a score of exactly",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return {chunk["source"] for chunk in found if chunk["score"] >= lowest}
""": "Return a list, since",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return [chunk for chunk in found if chunk["score"] >= lowest]
""": "holds a dict",
    """def sources(question, lowest):
    body = {"query": "How does TCP handshake work?", "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return list({chunk["source"]: 1 for chunk in found if chunk["score"] >= lowest})
""": "Was that the question?",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return sorted({chunk["source"] for chunk in found if chunk["score"] >= lowest}, reverse=True)
""": "not the best first",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    kept = []
    for chunk in found:
        if chunk["score"] >= lowest and kept[-1:] != [chunk["source"]]:
            kept.append(chunk["source"])
    return kept
""": "several good chunks",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return list({chunk["source"]: 1 for chunk in found if chunk["score"] >= lowest}) or None
""": "an empty list; sources gave None",
    """def sources(question, lowest):
    body = {"query": question, "top_k": 20}
    found = httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]
    return list({chunk["content"]: 1 for chunk in found if chunk["score"] >= lowest})
""": "not a source of its 20 chunks",
}
