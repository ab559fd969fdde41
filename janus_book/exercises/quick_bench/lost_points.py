"""Find where the points were lost.

Write `lost(document)`: for each category, how many points of the composite it cost. A category with weight 0.4 and
a score of 75 cost 0.4 × 25 = 10 points. `document["weights"]` and `document["scores"]` map categories to numbers.
Categories that were not measured have no weight; leave them out.
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
    from copy import deepcopy

    document = {
        "composite": 58.0,
        "weights": {"quality": 0.5, "speed": 0.3, "cost": 0.2},
        "scores": {"quality": 60.0, "speed": 80.0, "cost": 20.0, "modality": None},
    }
    given = deepcopy(document)
    try:
        found = lost(given)
    except KeyError as error:
        raise Hint(f"{error} was asked for and is not there. Which dictionary lists what was measured?") from None
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with a dictionary that goes over the weights.")
    if not isinstance(found, dict):
        raise Hint(f"A dictionary from category to points is wanted, and yours is {type(found).__name__}.")
    if given != document:
        raise Hint("Your function changed the report. Make a new dictionary, and leave the document as it was.")
    if "modality" in found:
        raise Hint("modality was not measured: it has no weight, so it cost nothing and stays out.")
    if set(found) != set(document["weights"]):
        raise Hint(f"The categories are {', '.join(document['weights'])}, and yours are {', '.join(map(str, found))}.")
    if not all(isinstance(points, int | float) for points in found.values()):
        raise Hint(f"Points are numbers, and yours read {found}.")
    whole = sum(found.values())
    if abs(whole - 58) < 1e-6:
        raise Hint("Those are the points that were won; their sum is the composite. How far is each from 100?")
    if abs(whole + 42) < 1e-6:
        raise Hint("The sizes are right but the sign is not: what is lost is the distance from the score up to 100.")
    if abs(whole - 42) > 1e-6:
        raise Hint(f"A composite of 58 has lost 42 points, and yours add up to {whole:.1f}.")
    for name, points in {"quality": 20.0, "speed": 6.0, "cost": 16.0}.items():
        if abs(found[name] - points) > 1e-6:
            said = f"{document['weights'][name]} and a score of {document['scores'][name]:.0f}"
            raise Hint(f"The sum is right, its parts are not: {name} has weight {said}; yours lost {found[name]:.1f}.")
    other = {
        "composite": 49.85,
        "weights": {"quality": 0.5, "speed": 0.3, "modality": 0.2},
        "scores": {"quality": 0.0, "speed": 99.5, "modality": 100.0, "cost": None},
    }
    found = lost(deepcopy(other))
    if set(found) != set(other["weights"]):
        names = ", ".join(map(str, found)) or "none"
        raise Hint(f"From another report come {', '.join(other['weights'])}, also where 0 was lost; yours are {names}.")
    for name, points in {"quality": 50.0, "speed": 0.15, "modality": 0.0}.items():
        if abs(found[name] - points) > 1e-6:
            said = f"weight {other['weights'][name]} and a score of {other['scores'][name]:g} cost {points:g}"
            raise Hint(f"From another report: {name} with {said} points, and yours says {found[name]:g}.")
    return "They add up to what is missing from 100, and the largest one says where to begin."


# %% mistakes
MISTAKES = {
    "def lost(document):\n    return 100 - document['composite']": "A dictionary from category",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w[n] * s[n] for n in w}": "points that were won",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w[n] * (s[n] - 100) for n in w}": "the sign is not",
    "def lost(document):\n"
    "    return {n: 100 - document['scores'][n] for n in document['weights']}": "add up to",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w.get(n, 0) * (100 - (s[n] or 0)) for n in s}": "was not measured",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: w[n] * (100 - (s[n] or 0)) for n in s}": "lists what was measured",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    del s['modality']\n"
    "    return {n: w[n] * (100 - s[n]) for n in s}": "leave the document",
    "def lost(document):\n"
    "    w = document['weights']\n"
    "    return {n: w[n] * (100 - document['composite']) for n in w}": "its parts are not",
    "def lost(document):\n    return {'quality': 20.0, 'speed': 6.0, 'cost': 16.0}": "From another report",
    "def lost(document):\n"
    "    w, s = document['weights'], document['scores']\n"
    "    return {n: round(w[n] * (100 - s[n])) for n in w}": "From another report",
    """def lost(document):
    w, s = document['weights'], document['scores']
    return {n: w[n] * (100 - s[n]) for n in s if s[n]}
""": "also where 0 was lost; yours are speed, modality",
    """def lost(document):
    w, s = document['weights'], document['scores']
    return {n: w[n] * (100 - (s[n] or 100)) for n in w}
""": "quality with weight 0.5 and a score of 0",
    """def lost(document):
    w, s = document['weights'], document['scores']
    return {n: round(w[n] * (100 - s[n]), 1) for n in w}
""": "speed with weight 0.3",
    """def lost(document):
    w, s = document['weights'], document['scores']
    return {n: w[n] * (100 - s[n]) for n in ('quality', 'speed', 'cost') if n in w}
""": "yours are quality, speed.",
}
