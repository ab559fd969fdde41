"""Count what an answer costs.

Write `cost(usage, prompt_price, cached_price, answer_price)` in US dollars. Prices are per million tokens. `usage` is
what the API returns, as a dictionary: `prompt_tokens` counts all tokens of the prompt;
`usage["prompt_tokens_details"]["cached_tokens"]` says how many of them came from the cache; `completion_tokens` counts
the answer.
"""

from janus_book.exercise import Hint


# %% answer
def cost(usage, prompt_price, cached_price, answer_price):
    """US dollars of one answer."""
    ### BEGIN SOLUTION
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    read = usage["prompt_tokens"] - cached
    return (
        read * prompt_price
        + cached * cached_price
        + usage["completion_tokens"] * answer_price
    ) / 1_000_000
    ### END SOLUTION


# %% check
def check(cost):
    def asked(prompt, cached, answer, *prices):
        details = {"cached_tokens": cached}
        usage = {"prompt_tokens": prompt, "completion_tokens": answer, "prompt_tokens_details": details}
        got = cost({**usage, "total_tokens": prompt + answer}, *prices)
        if got is None:
            raise Hint("Your function returns nothing yet. How many tokens of the prompt were not cached?")
        if not isinstance(got, int | float):
            raise Hint(f"Return a number of US dollars. Yours returns {got!r}.")
        return got * 1_000_000

    def near(one, other):
        return abs(one - other) < 1e-6 * max(1, abs(other))

    # 1,000 of 1,200 tokens cached, 70 written; the parts are 400, 500 and 420 millionths.
    got = asked(1_200, 1_000, 70, 2.0, 0.5, 6.0)
    wrong = {
        1_320 * 1_000_000: "Prices are per million tokens: yours is a million times too much.",
        1_320 * 1_000: "Prices are per million tokens, and yours are per thousand.",
        1_200 * 2 + 500 + 420: "The cached tokens are among the prompt's: yours bills them twice.",
        1_200 * 2 + 420: "The cached tokens cost less: bill them at `cached_price`.",
        400 + 420: "The cached tokens cost little, and not nothing.",
        400 + 500: "The answer costs too.",
        1_200 * 0.5 + 420: "Only the cached tokens have the lower price; 200 tokens were read.",
        1_000 * 2 + 200 * 0.5 + 420: "The two prices of the prompt are exchanged.",
        400 + 500 + 1_270 * 6: "`total_tokens` holds the prompt too: the answer is `completion_tokens`.",
        400 + 500 + 70 * 2: "The answer has a price of its own, `answer_price`.",
        400 + 500 - 420: "Add the three parts.",
    }
    for value, hint in wrong.items():
        if near(got, value):
            raise Hint(hint)
    if not near(got, 1_320):
        raise Hint(
            "200 tokens at 2, 1,000 cached ones at 0.5 and 70 written ones at 6 dollars per million are 0.00132 "
            f"dollars. You say {got / 1e6:g}."
        )
    if not near(asked(700, 0, 10, 1.0, 0.1, 3.0), 730):
        raise Hint("With nothing cached, 700 tokens at 1 and 10 at 3 dollars per million are 0.00073 dollars.")
    if not near(asked(7, 6, 1, 0.05, 0.0125, 0.2), 0.325):
        raise Hint("Small amounts count too: do not round.")
    return "0.00132 US dollars, and 0.00282 without the cache."


# %% mistakes
MISTAKES = {
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n": "returns nothing yet",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return f'{(prompt - cached) * prompt_price + cached * "
    "cached_price + answer * answer_price} USD'": "Return a number",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return (prompt - cached) * prompt_price + cached * cached_price "
    "+ answer * answer_price": "a million times too much",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return ((prompt - cached) * prompt_price + cached * "
    "cached_price + answer * answer_price) / 1000": "per thousand",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return (prompt * prompt_price + cached * cached_price + answer "
    "* answer_price) / 1e6": "bills them twice",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return (prompt * prompt_price + answer * answer_price) / 1e6": "cost less",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return ((prompt - cached) * prompt_price + answer * "
    "answer_price) / 1e6": "not nothing",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return ((prompt - cached) * prompt_price + cached * "
    "cached_price) / 1e6": "answer costs too",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return (prompt * cached_price + answer * answer_price) / 1e6": "Only the cached tokens",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return (cached * prompt_price + (prompt - cached) * "
    "cached_price + answer * answer_price) / 1e6": "exchanged",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    answer = usage['total_tokens']\n"
    "    return ((prompt - cached) * prompt_price + cached * "
    "cached_price + answer * answer_price) / 1e6": "`total_tokens` holds",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    answer_price = prompt_price\n"
    "    return ((prompt - cached) * prompt_price + cached * "
    "cached_price + answer * answer_price) / 1e6": "a price of its own",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return round(((prompt - cached) * prompt_price + cached * "
    "cached_price + answer * answer_price) / 1e6, 5)": "do not round",
    "def cost(usage, prompt_price, cached_price, answer_price):\n"
    "    prompt, answer = usage['prompt_tokens'], "
    "usage['completion_tokens']\n"
    "    cached = usage['prompt_tokens_details']['cached_tokens']\n"
    "    return ((prompt + cached) * prompt_price) / 1e6": "are 0.00132",
}
