"""Say why a page cannot be read.

Write `why_not(response)` for an answer of the web proxy: return `None` if the page is there, the rule if robots.txt
forbids it (such as `"Disallow: /private/"`), and in every other case the kind of problem, which is the part of its
`type` after the `#` (such as `"page-too-large"`).
"""

import httpx

from janus_book.exercise import Hint
from janus_book.checking import fresh_minute


# %% answer
def why_not(response):
    answer = response.json()
    ### BEGIN SOLUTION
    if response.status_code == 200:
        return None
    return answer.get("rule") or answer["type"].rpartition("#")[2]
    ### END SOLUTION


# %% check
def check(why_not):
    from janus_platform.contract import load_contract

    fresh_minute()
    service = load_contract().web_proxy.url

    def fetch(url):
        return httpx.get(service, params={"url": url})

    for url in ("https://odd.example/large", "http://127.0.0.1/", "https://example.com/papers/growth.pdf"):
        response = fetch(url)
        got = _asked(why_not, response)
        whole = response.json()["type"]
        if got is None:
            raise Hint(f"{url} was answered with {response.status_code}, but why_not finds nothing wrong.")
        if not isinstance(got, str):
            raise Hint(f"For {url} why_not gives a {type(got).__name__}; a string says what kind of problem it is.")
        if got != whole.rpartition("#")[2] and whole.endswith(got):
            raise Hint("That is too much: return only the part of the type after the #. See str.rpartition.")
        if got != whole.rpartition("#")[2]:
            raise Hint(f"For {url} why_not gives {got[:60]!r}. The kind is at the end of {whole}.")
    for url in ("https://example.com/private/drafts", "https://networking.example.org/notes/other"):
        response = fetch(url)
        if (got := _asked(why_not, response)) != response.json()["rule"]:
            raise Hint(
                f"robots.txt forbids {url}: its problem has one more field, `rule`, and why_not gives {got!r}."
            )
    got = why_not(fetch("https://physics.org/tides"))
    if got is not None:
        raise Hint(
            f"https://physics.org/tides can be read: return None, the value and not its name; why_not gives "
            f"{str(got)[:60]!r}, a {type(got).__name__}."
        )
    return "Three problems, two rules, and one page that can be read."


def _asked(why_not, response):
    try:
        return why_not(response)
    except KeyError as error:
        there = ", ".join(response.json())
        raise Hint(f"The answer for {response.status_code} has no field {error}. It has {there}.") from None


# %% mistakes
MISTAKES = {
    """def why_not(response):
    return response.json().get("type")
""": "That is too much",
    """def why_not(response):
    return response.json()["title"]
""": "The kind is at the end",
    """def why_not(response):
    return response.json().get("type", "#").rpartition("#")[2] or None
""": "one more field",
    """def why_not(response):
    answer = response.json()
    return answer.get("rule") or answer.get("type", "#").rpartition("#")[2]
""": "return None, the value",
    """def why_not(response):
    answer = response.json()
    kind = answer.get("type", "#").rpartition("#")[2] or None
    return "Disallow: /private/" if kind == "robots-disallowed" else kind
""": "notes/other: its problem has one more field",
    """def why_not(response):
    if response.status_code == 403:
        return response.json()["rule"]
    return response.json().get("type", "#").rpartition("#")[2] or None
""": "403 has no field 'rule'",
    """def why_not(response):
    return None if response.status_code == 200 else response.status_code
""": "a string says what kind",
}
