"""Wait as long as you are told.

Write `seconds_to_wait(response)`: how many seconds a client should wait before it asks again, as a whole number. A
service that refuses a request because it came too soon says so in a header. In every other case there is no need to
wait. The check makes a service refuse.
"""

import httpx

from janus_book.exercise import Hint
from janus_book.checking import fresh_minute


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

    proxy = load_contract().web_proxy
    fresh_minute()
    with httpx.Client() as client:
        for url in ("https://example.com/article", "https://example.com/private/drafts"):
            pages = [client.get(proxy.url, params={"url": url})]
            _must_not_wait(seconds_to_wait, pages[0])
        while pages[-1].status_code != 429 and len(pages) <= proxy.rate_limit.requests:
            pages.append(client.get(proxy.url, params={"url": "https://example.com/article"}))
    fresh_minute()
    # A second refusal, made up, tells a number that was read from one that was guessed.
    shorter = httpx.Response(429, headers={"retry-after": "7", "ratelimit": '"caller";r=0;t=7'}, json={})
    for refused in (pages[-1], shorter):
        told = refused.headers["retry-after"]
        try:
            said = seconds_to_wait(refused)
        except KeyError as error:
            raise Hint(f"A refusal has no {error}. Its headers say how long to wait: print them.") from None
        if said is None:
            raise Hint(f"A fetch was refused with 429 and `retry-after: {told}`; you return nothing there.")
        if type(said) is int and said == 0:
            raise Hint(
                f"A fetch was refused with 429 and `retry-after: {told}`, and you do not wait. Look at the status code."
            )
        if isinstance(said, str):
            raise Hint(
                f"Headers are text: you gave {said!r}, which time.sleep would not accept. Convert it to a "
                "number."
            )
        if type(said) is not int:
            raise Hint(f"You gave {said!r}, a {type(said).__name__}; return a whole number of seconds.")
        if said != int(told):
            raise Hint(f"A service asked for {told} s (its `retry-after` header), and you wait {said!r}.")
    return f"One service asked for {pages[-1].headers['retry-after']} s, another for {told}, and so do you."


def _must_not_wait(seconds_to_wait, answered):
    try:
        said = seconds_to_wait(answered)
    except KeyError as error:
        raise Hint(
            f"An answer with status {answered.status_code} has no header {error}. Which status has one?"
        ) from None
    except TypeError as error:
        if "NoneType" not in str(error):
            raise
        raise Hint(
            f"An answer with status {answered.status_code} has no `retry-after`: get() returns None for it, "
            "and None cannot become a number."
        ) from None
    if said is None:
        raise Hint(
            f"seconds_to_wait returns nothing for a status of {answered.status_code}. Which header did the last "
            "fetch above have, and what should be returned without it?"
        )
    if said != 0:
        raise Hint(
            f"The service answered with {answered.status_code}, and you wait {said!r} s. You need not wait "
            "then."
        )
    if type(said) is not int:
        raise Hint(f"Without a refusal you give {said!r}, a {type(said).__name__}. Return a whole number.")


# %% mistakes
MISTAKES = {
    "def seconds_to_wait(response):\n    return 60": "You need not wait then",
    "def seconds_to_wait(response):\n    return 0": "you do not wait",
    "def seconds_to_wait(response):\n    return response.headers['retry-after']": "has no header 'retry-after'",
    "def seconds_to_wait(response):\n    return response.headers.get('retry-after', 0)": "Headers are text",
    "def seconds_to_wait(response):\n    return 60 if response.status_code == 429 else 0": "you wait 60",
    """def seconds_to_wait(response):
    return int(response.headers['retry-after']) if response.status_code != 200 else 0
""": "status 403 has no header",
    """def seconds_to_wait(response):
    return float(response.headers['retry-after']) if response.status_code == 429 else 0
""": "a whole number of seconds",
    """def seconds_to_wait(response):
    if response.status_code == 429:
        return int(response.headers['retry-after'])
""": "returns nothing for a status of 200",
    """def seconds_to_wait(response):
    if response.status_code != 429:
        return 0
    print(response.headers['retry-after'])
""": "you return nothing there",
    """def seconds_to_wait(response):
    return response.status_code == 429 and int(response.headers['retry-after'])
""": "you give False, a bool",
    """def seconds_to_wait(response):
    return int(response.headers.get('retry-after'))
""": "None cannot become a number",
    """def seconds_to_wait(response):
    return int(response.json()['retry_after']) if response.status_code == 429 else 0
""": "print them",
}
