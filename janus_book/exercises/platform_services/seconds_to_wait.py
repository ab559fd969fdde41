"""Wait as long as you are told.

Write `seconds_to_wait(response)`: how many seconds a client should wait before it asks again, as a whole number. A
service that refuses a request for coming too often says it in a header; in every other case there is no need to wait.
The check makes a service refuse.
"""

import httpx

from janus_book.exercise import Hint
from janus_book.surroundings import fresh_minute


# %% answer
def seconds_to_wait(response):
    ### BEGIN SOLUTION
    if response.status_code == 429:
        return int(response.headers["retry-after"])
    return 0
    ### END SOLUTION


# %% check
def check(seconds_to_wait):
    from janus_platform.contract import load_contract

    proxy = load_contract().services["web_proxy"]
    fresh_minute()
    with httpx.Client() as client:
        pages = [client.get(proxy.url, params={"url": "https://example.com/article"})]
        said = seconds_to_wait(pages[0])
        if said is None:
            raise Hint("seconds_to_wait returns nothing yet. Which header did the eleventh fetch above come with?")
        if said != 0:
            raise Hint(
                f"The service answered with {pages[0].status_code}, and you wait {said!r} s. That needs no waiting."
            )
        while pages[-1].status_code != 429 and len(pages) <= proxy.rate_limit.requests:
            pages.append(client.get(proxy.url, params={"url": "https://example.com/article"}))
    fresh_minute()
    told = pages[-1].headers["retry-after"]
    said = seconds_to_wait(pages[-1])
    if said == 0:
        raise Hint(
            f"A fetch was refused with 429 and `retry-after: {told}`, and you do not wait. Look at the status code."
        )
    if isinstance(said, str):
        raise Hint(f"Headers are text: you gave {said!r}, which no sleep would take. Make a number of it.")
    if said != int(told):
        raise Hint(f"The service asked for {told} s (its `retry-after` header), and you wait {said!r}.")
    return f"The service asked for {told} s, and so do you."


# %% mistakes
MISTAKES = {
    "def seconds_to_wait(response):\n    return 60": "That needs no waiting",
    "def seconds_to_wait(response):\n    return 0": "you do not wait",
    "def seconds_to_wait(response):\n    return response.headers['retry-after']": "KeyError",
    "def seconds_to_wait(response):\n    return response.headers.get('retry-after', 0)": "Headers are text",
    "def seconds_to_wait(response):\n    return 3600 if response.status_code == 429 else 0": "The service asked for",
}
