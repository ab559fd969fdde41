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
    got = count_words("to be or not to be")
    if got is None:
        raise Hint("count_words returns nothing yet. Start with `run('wc -w', 'bash', …)`: which field takes the text?")
    if isinstance(got, str):
        raise Hint(f"count_words gave the text {got!r}; an integer is asked for. `int` does not mind the line break.")
    if got == 0:
        raise Hint("`wc` counted 0 words, so it was given no text. The field for it is `stdin`.")
    if got != 6:
        raise Hint(f"“to be or not to be” has 6 words, and count_words says {got!r}.")
    for text, words in (("", 0), ("it's \"quoted\" $HOME `x`", 4), ("one\ntwo\n", 2)):
        got = count_words(text)
        if got != words:
            raise Hint(
                f"{text!r} has {words} words, and count_words says {got!r}. Text that is pasted into the program is "
                "read by the shell first; text on `stdin` is not."
            )
    return "6 words, also with quotes and line breaks."


# %% mistakes
MISTAKES = {
    """def count_words(text):
    return run("wc -w", "bash", stdin=text)["stdout"]
""": "an integer is asked for",
    """def count_words(text):
    return int(run("wc -w", "bash")["stdout"])
""": "was given no text",
    """def count_words(text):
    return int(run(f'echo "{text}" | wc -w', "bash")["stdout"])
""": "read by the shell first",
}
