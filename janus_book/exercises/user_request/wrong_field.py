"""Find the field at fault.

Write `wrong_field(response)`: the field that the gateway complains about, such as `messages[0].role`, or `None` if the
request was accepted. The check sends good and bad requests and gives you the answers.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def wrong_field(response):
    ### BEGIN SOLUTION
    if response.status_code == 200:
        return None
    return response.json()["error"]["param"]
    ### END SOLUTION


# %% check
def check(wrong_field):
    import janus_platform as janus

    address = f"{janus.up().url}/v1/chat/completions"
    hello = {"role": "user", "content": "Hello"}
    for body, field in (
        ({"model": "echo", "messages": [{"role": "teacher", "content": "Hello"}]}, "messages[0].role"),
        ({"model": "echo", "messages": [hello], "temperature": 9}, "temperature"),
        ({"model": "echo", "messages": [hello], "stream": "yes"}, "stream"),
        ({"model": "echo", "messages": [hello]}, None),
    ):
        response = httpx.post(address, json=body, timeout=60)
        try:
            found = wrong_field(response)
        except Exception as error:
            what = "an accepted request" if field is None else "a refused request"
            raise Hint(f"For {what}, it raises {type(error).__name__}. Look at response.json() there.") from None
        if found is None and field is not None:
            raise Hint(f"A request whose {field} is wrong was refused, and you gave None. Which key names the field?")
        if found is not None and not isinstance(found, str):
            raise Hint(f"wrong_field gave a {type(found).__name__}; return one name, as a string, or None.")
        if found != field and field is not None:
            raise Hint(f"The field at fault is {field}; wrong_field gave {found!r}. Look inside `error`.")
        if found is not None and field is None:
            raise Hint(f"This request was accepted with status 200; wrong_field gave {found!r}. Return None there.")
    return "It names messages[0].role, temperature and stream, and nothing where nothing is wrong."


# %% mistakes
MISTAKES = {
    "def wrong_field(response):\n    return response.json().get('error')": "return one name",
    "def wrong_field(response):\n    if response.status_code == 200:\n        return None\n"
    "    return 'messages[0].role' if 'role' in response.text else 'temperature'": "field at fault is stream",
    "def wrong_field(response):\n    return response.json()['error']['param']": "an accepted request",
    "def wrong_field(response):\n    return response.json().get('param')": "Which key names the field",
    "def wrong_field(response):\n    e = response.json().get('error')\n    return e and e['code']": "Look inside",
    "def wrong_field(response):\n    e = response.json().get('error')\n    return e['param'] if e else ''": (
        "Return None"
    ),
}
