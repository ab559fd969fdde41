"""What was paid twice?

A model remembers nothing: each turn sends the whole conversation again. Write `reread(turns)`: which share of all
prompt tokens had been in the turn before, as prompt or as answer. Each turn has `prompt_tokens` and
`completion_tokens`; of a prompt, as many tokens were there before as the last turn's prompt and answer had together,
but never more than it has itself. Of the first turn's none were. Without turns, give 0.
"""

from janus_book.exercise import Hint


# %% answer
from itertools import pairwise

def reread(turns):
    ### BEGIN SOLUTION
    again = 0
    for last, turn in pairwise(turns):
        there = last["prompt_tokens"] + last["completion_tokens"]
        again += min(there, turn["prompt_tokens"])
    return again / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
    ### END SOLUTION


# %% check
def check(reread):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def turns(*counts):
        return [{"prompt_tokens": prompt, "completion_tokens": answer} for prompt, answer in counts]

    for made, true, why in (
        (turns((100, 20)), 0.0, "One turn: nothing was there before."),
        (turns((100, 20), (130, 20)), 120 / 230, ("Of the 130 of the second, 120 were there "
"before: 100 asked, 20 said.")),
        (
            turns((100, 20), (130, 20), (160, 10)),
            270 / 390,
            "120 of the second prompt and 150 of the third were there before, of 390 in all.",
        ),
        (turns((100, 50), (60, 10)), 60 / 160, ("A cut conversation: of the 60, no more than "
"60 can have been there before.")),
        (turns((100, 20), (130, 0), (140, 9)), 250 / 370, ("An empty answer adds nothing: 120 "
"and 130 were there before.")),
    ):
        said = reread([dict(turn) for turn in made])
        expect(said, (float, int), "reread", "Take each turn with the one before it: `pairwise(turns)`.")
        shown = ", ".join(f"{turn['prompt_tokens']}+{turn['completion_tokens']}" for turn in made)
        if abs(said - 100 * true) < 1e-6 and true:
            raise Hint(f"Prompt and answer: {shown}. {said:g} is percent. A share from 0 to 1 is wanted.")
        if abs(said - true) > 1e-9:
            raise Hint(f"Prompt and answer: {shown}. {why} That makes {true:.3f}, and reread gave {said:.3f}.")
    try:
        none = reread([])
    except ZeroDivisionError:
        raise Hint("Without a turn yours divides by 0. Nothing was sent, so nothing twice: 0.") from None
    if none != 0:
        raise Hint(f"Without a turn nothing was sent twice: 0, and reread gave {none!r}.")
    real = recorded("read_a_bill")["whole"]
    return (f"Of {sum(turn['prompt_tokens'] for turn in real):,} prompt tokens, "
f"{100 * reread(real):.0f} % had been there.")


# %% mistakes
MISTAKES = {
    "def reread(turns):\n    return sum(turn['prompt_tokens'] for turn in turns)": "nothing was there before",
    "def reread(turns):\n    return turns[0]['prompt_tokens'] / turns[-1]['prompt_tokens']": "nothing was there before",
    "def reread(turns):\n    return [turn['prompt_tokens'] for turn in turns]": "Wanted is a number",
    """def reread(turns):
    again = sum(last["prompt_tokens"] for last, turn in zip(turns, turns[1:]))
    return again / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
""": "100 asked, 20 said",
    """def reread(turns):
    again = sum(last["prompt_tokens"] + last["completion_tokens"] for last in turns[:-1])
    return again / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
""": "no more than 60",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + last["completion_tokens"], turn["prompt_tokens"])
    return again / sum(turn["prompt_tokens"] for turn in turns)
""": "divides by 0",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + last["completion_tokens"], turn["prompt_tokens"])
    return 100 * again / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
""": "is percent",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + last["completion_tokens"], turn["prompt_tokens"])
    return again / sum(turn["prompt_tokens"] + turn["completion_tokens"] for turn in turns) if turns else 0
""": "100 asked, 20 said",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + last["completion_tokens"], turn["prompt_tokens"])
    return again
""": "100 asked, 20 said",
    """def reread(turns):
    shares = [last["prompt_tokens"] / turn["prompt_tokens"] for last, turn in zip(turns, turns[1:])]
    return sum(shares) / len(shares) if shares else 0
""": "100 asked, 20 said",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + last["completion_tokens"], turn["prompt_tokens"])
    return again / sum(turn["prompt_tokens"] for turn in turns[1:]) if turns[1:] else 0
""": "100 asked, 20 said",
    """def reread(turns):
    new = 0
    for last, turn in zip(turns, turns[1:]):
        new += turn["prompt_tokens"] - last["prompt_tokens"] - last["completion_tokens"]
    return new / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
""": "100 asked, 20 said",
    """def reread(turns):
    again = 0
    for last, turn in zip(turns, turns[1:]):
        again += min(last["prompt_tokens"] + turn["completion_tokens"], turn["prompt_tokens"])
    return again / sum(turn["prompt_tokens"] for turn in turns) if turns else 0
""": "of 390 in all",
}
