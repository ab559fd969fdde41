"""Follow the article's links.

Write `article_links(url)`: fetch the page and return the addresses that its Markdown links to, in the order in which
they appear. Pictures, `![…](…)`, are not links.
"""

import re

import httpx

from janus_book.exercise import Hint
from janus_book.checking import fresh_minute


# %% answer
def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    ### BEGIN SOLUTION
    return re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)", page["content"])
    ### END SOLUTION


# %% check
def check(article_links):
    from janus_platform.contract import load_contract

    fresh_minute()
    service = load_contract().web_proxy.url
    for url in ("https://physics.org/quantum", "https://networking.example.org/tcp/handshake"):
        got = answer_for(article_links, url)
        must_be_a_list_of_texts(got)
        links, pictures = links_and_pictures(httpx.get(service, params={"url": url}).json()["content"])
        must_hold_no_picture(got, pictures, url)
        must_hold_addresses_of_the_page(got, links, url)
        must_hold_every_link_in_order(got, links, url)
    return f"{len(got)} links on the last page, the first to {got[0]}."


def answer_for(article_links, url):
    try:
        return article_links(url)
    except KeyError as error:
        raise Hint(f"The page has no field {error}. Print its keys: which of them holds the Markdown?") from None
    except TypeError as error:
        if "got 'dict'" not in str(error):
            raise
        raise Hint("`page` is a dict, and `re` searches texts. Which of its fields holds the Markdown?") from None


def must_be_a_list_of_texts(got):
    if got is None:
        raise Hint("article_links returns nothing yet. A link in Markdown is [text](address): search for that.")
    if not isinstance(got, list) or not all(isinstance(link, str) for link in got):
        kinds = {type(link).__name__ for link in got} if isinstance(got, list) else {type(got).__name__}
        raise Hint(
            "Return a list of addresses, each a string such as 'https://physics.org/tides'; what you return is made "
            f"with {', '.join(sorted(kinds))}."
        )


def links_and_pictures(content):
    """Where the page's Markdown leads, each once and in order, and where its pictures are."""
    import html

    parts = re.split(r"(!?)\[[^\[\]]*\]\(", content)
    pairs = [(parts[i], re.split(r"[)\s]", parts[i + 1])[0]) for i in range(1, len(parts) - 1, 2)]
    links = list(dict.fromkeys(html.unescape(to) for mark, to in pairs if not mark))
    return links, [to for mark, to in pairs if mark and to not in links]


def must_hold_no_picture(got, pictures, url):
    if shown := [to for to in pictures if to in got]:
        raise Hint(f"{shown[0]} is a picture of {url}: an exclamation mark stands before its bracket.")


def must_hold_addresses_of_the_page(got, links, url):
    others = [to for to in got if to not in links]
    if cut := [to for to in others if any(link in to for link in links)]:
        raise Hint(f"{cut[0][:80]!r} is more than an address, which ends before the closing parenthesis.")
    if texts := [to for to in others if "/" not in to]:
        raise Hint(f"{texts[0][:80]!r} is not an address. In [text](address), which of the two do you take?")
    if others:
        raise Hint(f"{others[0][:80]!r} is not a link of {url}. Is that the page that you fetched?")


def must_hold_every_link_in_order(got, links, url):
    if missing := [to for to in links if to not in got]:
        raise Hint(f"{url} also links to {missing[0]}, which is not in your list.")
    if list(dict.fromkeys(got)) != links:
        raise Hint("These are the right addresses, but in another order than on the page.")


# %% mistakes
MISTAKES = {
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"\\[[^\\]]*\\](\\([^)\\s]+)", page["content"])
""": "ends before the closing",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"\\[[^\\]]*\\]\\(([^)\\s]+)", page["content"])
""": "exclamation mark",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page["content"])[:1]
""": "which is not in your list",
    """def article_links(url):
    return "https://physics.org/tides"
""": "Return a list of addresses",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return set(re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page["content"]))
""": "with set",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"(?<!!)\\[([^\\]]*)\\]\\(([^)\\s]+)", page["content"])
""": "with tuple",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": "https://physics.org/quantum"}).json()
    return re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page["content"])
""": "Is that the page that you",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return sorted(set(re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page["content"])))[::-1]
""": "another order",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"(?<!!)\\[([^\\]]*)\\]\\([^)\\s]+", page["content"])
""": "which of the two do you take",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page["text"])
""": "no field 'text'",
    """def article_links(url):
    page = httpx.get("https://proxy.janus.rodeo/fetch", params={"url": url}).json()
    return re.findall(r"(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)", page)
""": "`re` searches texts",
}
