"""Asked again is not asked more.

A run that was repeated with the same seed put the same questions again. Write `once_each(runs)`: the list of values
from which an interval may be drawn, one for each question: the mean of its scores over all runs in which it was
asked. `runs` is a list of runs, each a list of rows with `item` and `score`. The order of the list does not matter.
"""

from janus_book.exercise import Hint


# %% answer
def once_each(runs):
    scores = {}
    ### BEGIN SOLUTION
    for run in runs:
        for row in run:
            scores.setdefault(row["item"], []).append(row["score"])
    return [sum(some) / len(some) for some in scores.values()]
    ### END SOLUTION


# %% check
def check(once_each):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def run(**scores):
        return [{"item": item, "score": score} for item, score in scores.items()]

    for runs, true, why in (
        ([run(a=1.0, b=0.0)], [1.0, 0.0], "One run: its scores as they are."),
        ([run(a=1.0, b=0.0), run(a=1.0, b=0.0)], [1.0, 0.0], "Two questions, each asked twice, are two questions."),
        ([run(a=1.0, b=0.0), run(a=0.0, b=0.0)], [0.5, 0.0], "a was right once of two times."),
        ([run(a=1.0), run(a=1.0, b=1.0), run(a=0.25, b=1.0)], [0.75, 1.0], "b was asked in two of the three runs."),
        ([run(b=0.0, a=1.0), run(a=1.0, b=0.5)], [0.25, 1.0], "The runs have their questions in different orders."),
        ([run(a=0.5), run(a=0.5), run(b=0.5)], [0.5, 0.5], "a and b have the same value, and are two questions."),
    ):
        said = once_each([[dict(row) for row in one] for one in runs])
        expect(said, list, "once_each", "Collect the scores of each item, over all runs, before you take a mean.")
        shown = "; ".join(", ".join(f"{row['item']} {row['score']:g}" for row in one) for one in runs)
        if any(not isinstance(one, int | float) for one in said):
            raise Hint(f"Runs: {shown}. Yours holds {said[0]!r}: numbers are wanted, one for each question.")
        if [round(one, 9) for one in sorted(said)] != sorted(true):
            raise Hint(f"Runs: {shown}. {why} once_each gave {said}.")
    again = recorded("choose_an_interval")["again"]
    said = once_each(again)
    rows = sum(map(len, again))
    return f"{rows} answers, and {len(said)} questions: four runs of one seed are sure of no more than one."


# %% mistakes
MISTAKES = {
    "def once_each(runs):\n    return [row['score'] for run in runs for row in run]": "each asked twice, are two",
    "def once_each(runs):\n    return [row['score'] for row in runs[0]]": "right once of two times",
    "def once_each(runs):\n    return [row['score'] for row in runs[-1]]": "right once of two times",
    "def once_each(runs):\n    return [sum(row['score'] for row in run) / len(run) for run in runs]": "as they are",
    "def once_each(runs):\n    return {row['item']: row['score'] for run in runs for row in run}": "Wanted is a list",
    """def once_each(runs):
    return list({row["item"]: row["score"] for run in runs for row in run}.values())
""": "right once of two times",
    """def once_each(runs):
    return list({row["score"] for run in runs for row in run})
""": "right once of two times",
    """def once_each(runs):
    return [sum(row["score"] for row in rows) / len(rows) for rows in zip(*runs)]
""": "two of the three runs",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            scores[row["item"]] = scores.get(row["item"], 0) + row["score"]
    return list(scores.values())
""": "each asked twice",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            scores[row["item"]] = scores.get(row["item"], 0) + row["score"] / len(runs)
    return list(scores.values())
""": "two of the three runs",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            scores.setdefault(row["item"], []).append(row["score"])
    return list(scores.values())
""": "numbers are wanted",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            scores.setdefault(row["item"], []).append(row["score"])
    return list({sum(some) / len(some) for some in scores.values()})
""": "have the same value",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            before = scores.get(row["item"], row["score"])
            scores[row["item"]] = (before + row["score"]) / 2
    return list(scores.values())
""": "b was asked in two",
    """def once_each(runs):
    scores = {}
    for run in runs:
        for row in run:
            scores[row["item"]] = max(scores.get(row["item"], 0), row["score"])
    return list(scores.values())
""": "right once of two times",
}
