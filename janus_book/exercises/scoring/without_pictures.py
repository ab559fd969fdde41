"""Leave a category out.

A suite without pictures has no score for `modality`. Write `weighted(scores, weights)`: the composite over the
categories that have a score, their weights scaled up so that they sum to 1. `scores` maps each category to a number
from 0 to 100 or None, `weights` to its weight. If no category has a score, the composite is 0.
"""

from janus_book.exercise import Hint


# %% answer
def weighted(scores, weights):
    ### BEGIN SOLUTION
    known = {name: value for name, value in scores.items() if value is not None}
    whole = sum(weights[name] for name in known)
    return sum(weights[name] * known[name] for name in known) / whole if known else 0
    ### END SOLUTION


# %% check
def check(weighted):
    from janus_bench.constants import load_scoring
    from janus_bench.scoring.score import composite

    weights = dict(load_scoring()["weights"])

    def asked(scores):
        kept = dict(scores), dict(weights)
        try:
            found = weighted(*kept)
        except ZeroDivisionError:
            raise Hint("If no category has a score, there is no weight to divide by. Return 0 before you do.") from None
        except KeyError as error:
            raise Hint(f"{error} was asked for and is not there any more. Loop over those with a score.") from None
        except TypeError as error:
            if "NoneType" not in str(error):
                raise
            raise Hint(f"You cannot calculate with None: {error}. Leave such a category out first.") from None
        if kept != (scores, weights):
            raise Hint("Your function changed the scores or the weights that it was given. Make new dictionaries.")
        return found

    scores = dict.fromkeys(weights, 80.0)
    whole = asked(scores)
    if whole is None or whole is ...:
        raise Hint("Your function returns nothing yet. Begin with the categories whose score is not None.")
    if not isinstance(whole, int | float):
        raise Hint(f"The composite is one number, and yours is {type(whole).__name__}.")
    if abs(whole - 80) > 1e-6:
        raise Hint(f"Where every category scores 80 the composite is 80, and yours is {whole:.1f}.")
    scores["modality"] = None
    found = asked(scores)
    if abs(found - 80 * (1 - weights["modality"])) < 1e-6:
        raise Hint("The category without a score still takes its share. Divide by the weights that are left.")
    if abs(found - 80) > 1e-6:
        raise Hint(f"Without modality, and 80 everywhere else, the composite is 80, and yours is {found:.1f}.")
    scores |= {"quality": 0.0, "speed": 10.0}
    found, wanted = asked(scores), composite(scores, {}, weights).composite
    if abs(found - sum(value for value in scores.values() if value is not None) / 4) < 1e-6:
        raise Hint(f"For {scores} yours is the plain mean, {found:.2f}. Quality weighs more than the others.")
    if abs(found - wanted) > 1e-6:
        raise Hint(f"A score of 0 is a score: for {scores} the composite is {wanted:.2f}, and yours is {found:.2f}.")
    scores |= {"modality": 50.0, "cost": None}
    found, wanted = asked(scores), composite(scores, {}, weights).composite
    if abs(found - wanted) > 1e-6:
        raise Hint(f"Here cost has no score: for {scores} the composite is {wanted:.2f}, and yours is {found:.2f}.")
    nothing = asked(dict.fromkeys(weights))
    if nothing != 0 or isinstance(nothing, bool):
        raise Hint(f"Without any score the composite is 0, a number, and yours is {nothing!r}.")
    found = weighted({"quality": 100.0, "speed": 0.0, "cost": None}, {"quality": 0.5, "speed": 0.3, "cost": 0.2})
    if not isinstance(found, int | float) or abs(found - 62.5) > 1e-6:
        raise Hint(f"With weights 0.5 and 0.3, scores of 100 and 0 are 62.5, not {found}. Whose weights are used?")
    return "A category that was not measured neither adds nor costs anything."


# %% mistakes
MISTAKES = {
    "def weighted(scores, weights):\n    return sum(scores.values()) / 5 * 2": "the composite is 80",
    "def weighted(scores, weights):\n"
    "    return sum(weights[n] * (scores[n] or 0) for n in scores)": "still takes its share",
    "def weighted(scores, weights):\n"
    "    known = {n: v for n, v in scores.items() if v}\n"
    "    return sum(weights[n] * known[n] for n in known) / sum(weights[n] for n in known)": "A score of 0 is a score",
    "def weighted(scores, weights):\n"
    "    known = {n: v for n, v in scores.items() if v is not None}\n"
    "    return sum(weights[n] * known[n] for n in known) / (sum(weights[n] for n in known) or 1) or -1": "any score",
    "def weighted(scores, weights):\n"
    "    known = {n: v for n, v in scores.items() if v is not None}\n"
    "    return sum(weights[n] * known[n] for n in known) / sum(weights[n] for n in known)": "there is no weight",
    "def weighted(scores, weights):\n    return sum(weights[n] * scores[n] for n in scores)": "calculate with None",
    "def weighted(scores, weights):\n"
    "    known = [v for v in scores.values() if v is not None]\n"
    "    return sum(known) / len(known) if known else 0": "the plain mean",
    "def weighted(scores, weights):\n"
    "    for n in [n for n in weights if scores[n] is None]:\n"
    "        del weights[n]\n"
    "    return sum(w * scores[n] for n, w in weights.items()) / (sum(weights.values()) or 1)": "Make new dictionaries",
    "def weighted(scores, weights):\n"
    "    known = [n for n in scores if scores[n] is not None]\n"
    "    return {n: weights[n] * scores[n] for n in known}": "yours is dict",
    "def weighted(scores, weights):\n"
    "    known = [n for n in scores if scores['modality'] is not None or n != 'modality']\n"
    "    whole = sum(weights[n] for n in known)\n"
    "    return sum(weights[n] * (scores[n] or 0) for n in known) / whole": "cost has no score",
    """def weighted(scores, weights):
    known = {n: v for n, v in scores.items() if v is not None}
    return sum(weights[n] * known[n] for n in known) / sum(weights[n] for n in known) if known else False
""": "yours is False",
    """def weighted(scores, weights):
    weights = {'quality': 0.4, 'speed': 0.2, 'cost': 0.15, 'streaming': 0.15, 'modality': 0.1}
    known = {n: v for n, v in scores.items() if v is not None}
    return sum(weights[n] * known[n] for n in known) / sum(weights[n] for n in known) if known else 0
""": "Whose weights are used",
    """def weighted(scores, weights):
    known = {n: v for n, v in scores.items() if v is not None}
    return sum(weights[n] * known[n] for n in weights) / sum(weights.values())
""": "is not there any more",
}
