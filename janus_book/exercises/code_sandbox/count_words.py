"""Count words in the sandbox.

Write `count_words(text)`: it runs `wc -w` in the sandbox as a Bash program, gives it `text` on its standard input, and
returns the count as an integer.
"""

import httpx

from janus_book.exercise import Hint


def run(code, language="python", **more):
    body = {"language": language, "code": code, **more}
    return httpx.post("https://sandbox.janus.rodeo/execute", json=body).json()


# %% answer
def count_words(text):
    ### BEGIN SOLUTION
    answer = run("wc -w", "bash", stdin=text)
    return int(answer["stdout"])
    ### END SOLUTION


# %% check
def check(count_words):
    asked = []
    send = httpx.Client.send
    # The sandbox and Python's split() give the same number: only what was sent tells who counted.
    httpx.Client.send = lambda client, request, **more: asked.append(request) or send(client, request, **more)
    try:
        _count(count_words, asked)
    finally:
        httpx.Client.send = send
    return "6 words, also with quotes and line breaks."


def _count(count_words, asked):
    got = _number(count_words, "to be or not to be")
    if got == 0:
        raise Hint("You returned 0. Was `wc` given the text? The field for it is `stdin`; the count is in `stdout`.")
    if got != 6:
        raise Hint(f"“to be or not to be” has 6 words, and count_words says {got!r}. Which count does `wc` give?")
    if not asked:
        raise Hint("The number is right, but no request was sent: Python counted. Let `wc -w` count, in the sandbox.")
    for text, words in (("", 0), ("it's \"quoted\" $HOME `x`", 4), ("one\ntwo\n", 2)):
        got = _number(count_words, text)
        if got == 6:
            raise Hint(f"{text!r} has {words} words, and count_words still says 6. Is it `text` that you send?")
        if got != words:
            raise Hint(
                f"{text!r} has {words} words, and count_words says {got!r}. Text that is pasted into the program is "
                "read by the shell first; text on `stdin` is not."
            )


def _number(count_words, text):
    try:
        got = count_words(text)
    except ValueError as error:
        raise Hint(
            f"For {text!r} no number came back ({error}). Print the whole answer: what do `stderr` and `exit_code` say?"
        ) from None
    if got is None:
        raise Hint("count_words returns nothing yet. Start with `run('wc -w', 'bash', …)`: which field takes the text?")
    if isinstance(got, dict):
        raise Hint("That is the whole answer of the sandbox. In which of its fields is what `wc` printed?")
    if isinstance(got, str):
        raise Hint(f"count_words gave the text {got!r}; an integer is asked for. `int` does not mind the line break.")
    if type(got) is not int:
        raise Hint(f"count_words gave {got!r}, a {type(got).__name__}; an integer is asked for.")
    return got


# %% mistakes
MISTAKES = {
    """def count_words(text):
    return run("wc -w", "bash", stdin=text)["stdout"]
""": "an integer is asked for",
    """def count_words(text):
    return int(run("wc -w", "bash")["stdout"])
""": "given the text?",
    """def count_words(text):
    return int(run(f'echo "{text}" | wc -w', "bash")["stdout"])
""": "read by the shell first",
    """def count_words(text):
    return len(text.split())
""": "no request was sent",
    """def count_words(text):
    return int(run(f"echo {text} | wc -w", "bash")["stdout"])
""": "no number came back",
    """def count_words(text):
    return int(run("wc -w", stdin=text)["stdout"])
""": "what do `stderr` and `exit_code` say",
    """def count_words(text):
    return run("wc -w", "bash", stdin=text)
""": "the whole answer of the sandbox",
    """def count_words(text):
    return float(run("wc -w", "bash", stdin=text)["stdout"])
""": "a float",
    """def count_words(text):
    return int(run("wc -c", "bash", stdin=text)["stdout"])
""": "Which count does",
    """def count_words(text):
    return int(run("wc -w", "bash", stdin="to be or not to be")["stdout"])
""": "Is it `text` that you send?",
}
