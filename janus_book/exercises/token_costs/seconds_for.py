"""Predict an answer's time.

Write `seconds_for(prompt, answer, prefill, decode)`: how many seconds pass until the last token of an answer has
arrived. `prompt` and `answer` are numbers of tokens; `prefill` and `decode` are speeds in tokens per second. The first
token of the answer comes out of prefill; each further one takes one step of decode.
"""

from janus_book.exercise import Hint


# %% answer
def seconds_for(prompt, answer, prefill, decode):
    """Seconds until the last token of the answer."""
    ### BEGIN SOLUTION
    return prompt / prefill + (answer - 1) / decode
    ### END SOLUTION


# %% check
def check(seconds_for):
    def asked(prompt, answer, prefill, decode):
        got = seconds_for(prompt, answer, prefill, decode)
        if got is None:
            raise Hint("Your function returns nothing yet. How long does it take to read 200 tokens at 100 a second?")
        if not isinstance(got, int | float):
            raise Hint(f"Return a number of seconds. Yours returns {got!r}.")
        return got

    def near(one, other):
        return abs(one - other) < 1e-9

    got = asked(200, 51, 100, 20)
    one_less = "The first token comes out of the prefill: decode has one step less than the answer has tokens."
    divide = "Speeds are tokens per second: divide the tokens by the speed to get seconds."
    own = "The two phases have speeds of their own. Divide each by its own, then add."
    exchanged = "The prompt is read at the speed of prefill, and the answer written at that of decode."
    decode_alone = "That is the decode alone. The prompt has to be read before."
    upside_down = "Tokens divided by tokens per second are seconds: yours is upside down."
    wrong = {
        200 / 100 + 51 / 20: one_less,
        200 * 100 + 50 * 20: divide,
        200 * 100 + 51 * 20: divide,
        251 / 120: own,
        250 / 120: own,
        200 / 20 + 50 / 100: exchanged,
        200 / 20 + 51 / 100: exchanged,
        50 / 20: decode_alone,
        51 / 20: decode_alone,
        200 / 100: "That is the prefill alone. After it the rest of the answer is written.",
        100 / 200 + 20 / 50: upside_down,
        100 / 200 + 20 / 51: upside_down,
    }
    for value, hint in wrong.items():
        if near(got, value):
            raise Hint(hint)
    if not near(got, 4.5):
        raise Hint(f"200 tokens at 100/s are 2 s, 50 steps at 20/s are 2.5 s: 4.5 s in all. You say {got:g}.")
    if not near(asked(300, 1, 150, 10), 2):
        raise Hint("An answer of one token ends with the prefill: 300 tokens at 150/s are 2 s.")
    if not near(asked(1, 2, 4, 8), 0.375):
        raise Hint(f"1 token at 4/s and 1 step at 8/s are 0.375 s. You say {asked(1, 2, 4, 8):g}: are you rounding?")
    return "2 s to read, 2.5 s to write."


# %% mistakes
MISTAKES = {
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    pass": "returns nothing yet",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return f'{prompt / prefill} s'": "Return a number",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt / prefill + answer / decode": "one step less",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt * prefill + answer * decode": "divide the tokens",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt * prefill + (answer - 1) * decode": "divide the tokens",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return (prompt + answer) / (prefill + decode)": "speeds of their own",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt / decode + (answer - 1) / prefill": "read at the speed of prefill",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return answer / decode": "decode alone",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return (answer - 1) / decode": "decode alone",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt / prefill": "prefill alone",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prefill / prompt + decode / answer": "upside down",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return max(prompt / prefill, (answer - 1) / decode)": "decode alone",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return prompt // prefill + (answer - 1) // decode": "4.5 s in all",
    "def seconds_for(prompt, answer, prefill, decode):\n"
    "    return (prompt - 1) / prefill + (answer - 1) / decode": "4.5 s in all",
}
