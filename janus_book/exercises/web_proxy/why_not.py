"""Say why a page cannot be read.

Write `why_not(response)` for an answer of the web proxy: `None` when the page is there, the rule when robots.txt
forbids it (such as `"Disallow: /private/"`), and in every other case the kind of problem, which is what stands behind
the `#` of its `type` (such as `"page-too-large"`).
"""

import httpx

from janus_book.exercise import Hint
from janus_book.surroundings import fresh_minute


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
    service = load_contract().services["web_proxy"].url

    def fetch(url):
        return httpx.get(service, params={"url": url})

    for url in ("https://odd.example/large", "http://127.0.0.1/", "https://example.com/papers/growth.pdf"):
        response = fetch(url)
        kind, got = response.json()["type"].rpartition("#")[2], why_not(response)
        if got is None:
            raise Hint(f"{url} was answered with {response.status_code}, but why_not finds nothing wrong.")
        if got == response.json()["type"]:
            raise Hint("That is the whole type. Only what stands behind its # is asked for: see str.rpartition.")
        if got != kind:
            raise Hint(f"For {url} why_not gives {got!r}. Look at the type in response.json(): it ends in #{kind}.")
    response = fetch("https://example.com/private/drafts")
    if why_not(response) != response.json()["rule"]:
        raise Hint("robots.txt forbids https://example.com/private/drafts: its problem has one more field, `rule`.")
    if (got := why_not(fetch("https://physics.org/tides"))) is not None:
        raise Hint(f"https://physics.org/tides can be read, so nothing is wrong; why_not gives {got!r}.")
    return "Three problems, one rule, and one page that can be read."


# %% mistakes
MISTAKES = {
    """def why_not(response):
    return response.json().get("type")
""": "whole type",
    """def why_not(response):
    return response.json()["title"]
""": "Look at the type",
    """def why_not(response):
    return response.json().get("type", "#").rpartition("#")[2] or None
""": "one more field",
    """def why_not(response):
    answer = response.json()
    return answer.get("rule") or answer.get("type", "#").rpartition("#")[2]
""": "so nothing is wrong",
}
