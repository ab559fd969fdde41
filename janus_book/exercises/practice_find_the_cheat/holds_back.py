"""Which one had it all along?

Two targets answer the same questions, each longer than the one before. Both stream evenly. One sends each token as
the model makes it; the other lets the model finish, then plays the answer back. Write `holds_back(answers)`: True for
the second kind. `answers` is a list of answers, each the list of seconds after which its tokens came, `answer[0]` the
first.
"""

from janus_book.exercise import Hint


# %% answer
from statistics import correlation

def holds_back(answers):
    ### BEGIN SOLUTION
    lengths = [len(answer) for answer in answers]
    waits = [answer[0] for answer in answers]
    return correlation(lengths, waits) > 0.9
    ### END SOLUTION


# %% check
def check(holds_back):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    streams = recorded("find_the_cheat")["streams"]

    def asked(answers, true, what):
        given = [list(answer) for answer in answers]
        said = holds_back([list(answer) for answer in given])
        if type(said).__name__ in ("bool_", "bool"):  # NumPy has a bool of its own.
            said = bool(said)
        expect(said, bool, "holds_back", "What does the wait for the first token, `answer[0]`, depend on in each?")
        if said != true:
            raise Hint(f"{what} holds_back gave {said}.")

    honest, held = streams["left"], streams["right"]
    why = "Its first token comes as soon for a long answer as for a short one: it cannot have waited for the end."
    asked(honest, False, f"The target on the left sends what it has. {why}")
    why = "The longer the answer is, the longer its first token takes: the whole answer was there before it."
    asked(held, True, f"The target on the right plays back. {why}")
    for name, kind, true in (("left", honest, False), ("right", held, True)):
        asked(kind[::-1], true, (f"The {name} one again, its answers in another order: "
"the question is how long each is."))
        slow = [[8 * at for at in answer] for answer in kind]
        asked(slow, true, f"The {name} one again, on a machine eight times slower: no fixed number of seconds tells.")
        far = [[at + 3 for at in answer] for answer in kind]
        asked(far, true, (f"The {name} one again, from three seconds away: every first "
"token is late, and that is no cheat."))
    return "Both streams are even. The wait before them tells which was made while you watched."


# %% mistakes
MISTAKES = {
    "def holds_back(answers):\n    return True": "cannot have waited for the end",
    "def holds_back(answers):\n    return False": "the whole answer was there before",
    "def holds_back(answers):\n    return answers[0][0] > 1": "the whole answer was there before",
    "def holds_back(answers):\n    return [answer[0] for answer in answers]": "Wanted is True or False",
    "def holds_back(answers):\n    return max(answer[0] for answer in answers)": "Wanted is True or False",
    """from statistics import pstdev

def holds_back(answers):
    gaps = [b - a for answer in answers for a, b in zip(answer, answer[1:])]
    return pstdev(gaps) < 0.001
""": "holds_back gave False",
    """def holds_back(answers):
    return answers[-1][0] > 2 * answers[0][0]
""": "in another order",
    """def holds_back(answers):
    return max(answer[0] for answer in answers) > 0.7
""": "no fixed number of seconds",
    """def holds_back(answers):
    short, long = min(answers, key=len), max(answers, key=len)
    return long[0] > 3 * short[0]
""": "from three seconds away",
    """def holds_back(answers):
    return all(b[0] > a[0] for a, b in zip(answers, answers[1:]))
""": "in another order",
    """from statistics import correlation

def holds_back(answers):
    lengths = [len(answer) for answer in answers]
    return correlation(lengths, [answer[-1] for answer in answers]) > 0.9
""": "cannot have waited for the end",
    """from statistics import correlation

def holds_back(answers):
    lengths = [len(answer) for answer in answers]
    return correlation(lengths, [answer[0] for answer in answers]) < 0.9
""": "cannot have waited for the end",
    """def holds_back(answers):
    return sum(answer[0] for answer in answers) > sum(answer[-1] for answer in answers) / 2
""": "holds_back gave",
}
