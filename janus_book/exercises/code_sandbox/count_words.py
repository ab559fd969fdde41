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
    # Asked once more, "the sandbox" says 41, which only an answer that reads its count returns.
    made_up = {"stdout": "41\n", "stderr": "", "exit_code": 0}
    try:
        _count(count_words, asked)
        httpx.Client.send = lambda client, request, **more: httpx.Response(200, json=made_up, request=request)
        if (got := _number(count_words, "to be or not to be")) != 41:
            raise Hint(f"The sandbox was asked, but you return {got} where it says 41. Return its count.")
    finally:
        httpx.Client.send = send
    return "6 words, also with quotes and line breaks."


def _count(count_words, asked):
    import json

    got = _number(count_words, "to be or not to be")
    if got == 0:
        raise Hint("You returned 0. Was `wc` given the text? The field for it is `stdin`; the count is in `stdout`.")
    if got != 6:
        raise Hint(f"“to be or not to be” has 6 words, and count_words says {got!r}. Which count does `wc` give?")
    if not asked:
        raise Hint("The number is right, but no request was sent by `run`. Let `wc -w` count, in the sandbox.")
    for text, words in (("", 0), ("it's \"quoted\" $HOME `x`", 4), ("one\ntwo\n", 2), ("word " * 12, 12)):
        got = _number(count_words, text)
        if got == 6:
            raise Hint(f"{text!r} has {words} words, and count_words still says 6. Is it `text` that you send?")
        if got != words and words == 12:
            raise Hint(f"A text of 12 words has a count of two digits; count_words says {got!r}. Is all of it read?")
        if got != words:
            raise Hint(
                f"{text!r} has {words} words, and count_words says {got!r}. Text that is pasted into the program is "
                "read by the shell first; text on `stdin` is not."
            )
    sent = json.loads(asked[-1].content)
    if sent.get("language") != "bash":
        raise Hint(f"The count is right, but a program in {sent.get('language')} counted. `wc` is a Bash command.")
    if sent.get("stdin") != text:
        raise Hint("The count is right, but the text came inside the program. Hand it over on the standard input.")
    if "wc" not in sent.get("code", ""):
        raise Hint("The count is right, but the program does not call `wc`. Let that command count.")


def _number(count_words, text):
    try:
        got = count_words(text)
    except KeyError as error:
        raise Hint(f"The sandbox's answer has no field {error}. Print it: where is what `wc` printed?") from None
    except IndexError:
        raise Hint("Your function looks for more than one number. `wc -w` prints one, `wc` three.") from None
    except ValueError as error:
        raise Hint(
            f"For {text!r} no number came back ({error}). Print the whole answer: what do `stderr` and `exit_code` say?"
        ) from None
    if got is None and not text:
        raise Hint("For an empty text count_words returns nothing. Its count is a number, too: 0.")
    if got is None:
        raise Hint("count_words returns nothing yet. Start with `run('wc -w', 'bash', …)`: which field takes the text?")
    if isinstance(got, dict):
        raise Hint("That is the whole answer of the sandbox. In which of its fields is what `wc` printed?")
    if isinstance(got, str):
        raise Hint(f"count_words gave the text {got!r}; an integer is asked for. `int` ignores the line break.")
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
    """def count_words(text):
    run("wc -w", "bash", stdin=text)
    return len(text.split())
""": "where it says 41",
    """def count_words(text):
    return int(run("wc -w", "bash", stdin=text)["stdout"][0])
""": "two digits",
    """def count_words(text):
    return int(run("wc -w", "bash", stdin=text)["output"])
""": "no field 'output'",
    """def count_words(text):
    import shlex
    return int(run(f"echo {shlex.quote(text)} | wc -w", "bash")["stdout"])
""": "inside the program",
    """def count_words(text):
    code = "import sys; print(len(sys.stdin.read().split()))"
    return int(run(code, stdin=text)["stdout"])
""": "a program in python",
}
