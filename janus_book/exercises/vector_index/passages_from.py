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
    from janus_book.checking import fresh_minute

    fresh_minute()
    # The last question fits other hosts better: of all hosts' best chunks, none is from physics.org.
    for host, question in (
        ("physics.org", "Why does the sea rise?"),
        ("docs.python.org", "wait for many tasks"),
        ("physics.org", "How do I await several tasks?"),
    ):
        try:
            found = passages_from(host, question)
        except KeyError as error:
            raise Hint(
                f"There is no field {error} in what came back. Print the whole answer: is it a refusal, or chunks with "
                "other names?"
            ) from None
        _compare(found, _chunks(host, question), host, question)
    return "Three passages each, best first, even where other hosts match better."


def _compare(found, chunks, host, question):
    wanted = [chunk["content"] for chunk in chunks]
    if found is None:
        raise Hint("Your function returns nothing yet. Which parameter of /query limits it to one host?")
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise Hint("Return a list of strings: the field `content` of each chunk.")
    if found == [chunk["source"] for chunk in chunks]:
        raise Hint("Those are the addresses of the passages. Which field of a chunk holds its text?")
    if len(found) > 3:
        raise Hint(f"You returned {len(found)} passages instead of three. Which parameter says how many you get?")
    if len(found) < 3:
        raise Hint(
            f"For {question!r} you returned {len(found)} passages of {host} instead of three. The best chunks of all "
            "hosts need not contain three of one: let the service limit the search to the host."
        )
    if found != wanted and sorted(found) == sorted(wanted):
        raise Hint("These are the right passages in another order: the service returns the best first.")
    if found != wanted and all(text and whole.startswith(text) for text, whole in zip(found, wanted, strict=True)):
        raise Hint(f"The passages are cut short: the first has {len(wanted[0])} characters, yours {len(found[0])}.")
    if found != wanted:
        raise Hint(
            f"For {question!r} these are not the best three of {host}: let the service limit the search to the host. "
            "Does your query name question and host?"
        )


def _chunks(host, question):
    body = {"query": question, "top_k": 3, "source": host}
    return httpx.post("https://vector.janus.rodeo/query", json=body).json()["chunks"]


# %% mistakes
MISTAKES = {
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    return httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']": "the field `content`",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks]": "says how many you get",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks]": "not the best three",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 50}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks if host in chunk['source']][:3]": "let the service limit",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['source'] for chunk in chunks]": "holds its text",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks[::-1]]": "returns the best first",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'][:100] for chunk in chunks]": "cut short",
    "def passages_from(host, question):\n"
    "    body = {'query': question, 'top_k': 3, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['text'] for chunk in chunks]": "chunks with other names",
    "def passages_from(host, question):\n"
    "    body = {'question': question, 'top_k': 3, 'source': host}\n"
    "    chunks = httpx.post('https://vector.janus.rodeo/query', json=body).json()['chunks']\n"
    "    return [chunk['content'] for chunk in chunks]": "is it a refusal",
}
