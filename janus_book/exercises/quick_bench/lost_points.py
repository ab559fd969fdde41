"""Find where the points were lost.

Write `lost(document)`: for each category, how many points of the composite it cost. A category with weight 0.4 and
a score of 75 cost 0.4 × 25 = 10 points. `document["weights"]` and `document["scores"]` map categories to numbers;
those that were not measured have no weight, and stay out.
"""

from janus_book.exercise import Hint


# %% answer
def lost(document):
    weights, scores = document["weights"], document["scores"]
    ### BEGIN SOLUTION
    return {name: weights[name] * (100 - scores[name]) for name in weights}
    ### END SOLUTION


# %% check
def check(lost):
    document = {
        "composite": 58.0,
        "weights": {"quality": 0.5, "speed": 0.3, "cost": 0.2},
        "scores": {"quality": 60.0, "speed": 80.0, "cost": 20.0, "modality": None},
    }
    found = lost(document)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with a dictionary that goes over the weights.")
    if not isinstance(found, dict):
        raise Hint(f"A dictionary from category to points is wanted, and yours is {type(found).__name__}.")
    if "modality" in found:
        raise Hint("modality was not measured: it has no weight, so it cost nothing and stays out.")
    if abs(sum(found.values()) - 58) < 1e-6:
        raise Hint("Those are the points that were won; their sum is the composite. How far is each from 100?")
    if abs(sum(found.values()) - 42) > 1e-6:
        raise Hint(f"A composite of 58 has lost 42 points, and yours add up to {sum(found.values()):.1f}.")
    if max(found, key=found.get) != "quality":
        raise Hint("Quality cost most here: half the weight, and 40 below 100.")
    return "They add up to what is missing from 100, and the largest says where to begin."


# %% mistakes
MISTAKES = {
    "def lost(document):\n    return 100 - document['composite']": "A dictionary from category",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w[n] * s[n] for n in w}": "points that were won",
    "def lost(document):\n"
    "    return {n: 100 - document['scores'][n] for n in document['weights']}": "add up to",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w.get(n, 0) * (100 - (s[n] or 0)) for n in s}": "was not measured",
}
