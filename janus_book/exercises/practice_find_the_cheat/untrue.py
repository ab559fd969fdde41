"""Which figures were touched up?

Somebody changed figures at the top of a report and left the items below as they were. Write `untrue(report)`: the
list of those of its claims that the items do not bear out, out of these three: `"right"`,
`report["requests"]["right_enough"]` is how many items have a `score` of at least 0.5; `"slowest"`,
`report["timing"]["first_token_ms"]["max"]` is the greatest `first_token_ms` of an item (None where nothing came);
`"errors"`, the counts in `report["errors"]` add up to how many items have an `error`.
"""

from janus_book.exercise import Hint


# %% answer
def untrue(report):
    items = report["items"]
    found = []
    ### BEGIN SOLUTION
    if report["requests"]["right_enough"] != sum(item["score"] >= 0.5 for item in items):
        found.append("right")
    waits = [item["first_token_ms"] for item in items if item["first_token_ms"] is not None]
    if report["timing"]["first_token_ms"]["max"] != max(waits, default=None):
        found.append("slowest")
    if sum(report["errors"].values()) != sum(item["error"] is not None for item in items):
        found.append("errors")
    ### END SOLUTION
    return found


# %% check
def check(untrue):
    import copy
    from itertools import combinations

    from janus_book.checking import expect
    from janus_book.practice import recorded, touched_up

    honest = recorded("find_the_cheat")["report"]
    names = ("right", "slowest", "errors")
    sentences = {
        "right": "how many items are right enough",
        "slowest": "the greatest wait for a first token",
        "errors": "how many requests failed",
    }

    def asked(report):
        said = untrue(copy.deepcopy(report))
        expect(said, list, "untrue", "Take one claim at a time, work it out from the items, and compare.")
        if strange := [one for one in said if one not in names]:
            raise Hint(f"untrue names {strange[0]!r}. The names are {', '.join(names)}.")
        return set(said)

    broken = copy.deepcopy(honest)
    for item in broken["items"][:3]:
        item.update(error="timeout", score=0.0, first_token_ms=None)
    waits = [item["first_token_ms"] for item in broken["items"] if item["first_token_ms"] is not None]
    broken["errors"] = {"timeout": 2, "http_503": 1}
    broken["items"][2]["error"] = "http_503"
    broken["timing"]["first_token_ms"]["max"] = max(waits)
    broken["requests"]["right_enough"] = sum(item["score"] >= 0.5 for item in broken["items"])
    for report, what in ((honest, "the report as it was"), (broken, "a report in which three requests failed")):
        if false := asked(report) - set():
            raise Hint(f"Of {what} nothing was changed, and untrue doubts {sentences[min(false)]}.")
    edge = copy.deepcopy(honest)
    edge["items"][0]["score"] = 0.5
    edge["requests"]["right_enough"] = sum(item["score"] >= 0.5 for item in edge["items"])
    if "right" in asked(edge):
        raise Hint("An item with a score of exactly 0.5 is right enough: at least 0.5.")
    for base in (honest, broken):
        for count in (1, 2, 3):
            for changed in combinations(names, count):
                said = asked(touched_up(base, changed))
                if missed := [name for name in changed if name not in said]:
                    raise Hint(f"Changed was {sentences[missed[0]]}, and untrue does not name it.")
                if false := [name for name in said if name not in changed]:
                    raise Hint(f"Not changed was {sentences[false[0]]}, and untrue doubts it.")
    found = asked(touched_up(honest, ("right", "slowest")))
    return f"The report of this page was touched up in two places: {', '.join(sorted(found))}."


# %% mistakes
MISTAKES = {
    "def untrue(report):\n    return []": "and untrue does not name it",
    "def untrue(report):\n    return ['right', 'slowest', 'errors']": "nothing was changed, and untrue doubts",
    "def untrue(report):\n    return report['requests']['right_enough']": "Wanted is a list",
    "def untrue(report):\n    return ['requests']": "The names are",
    """def untrue(report):
    found = []
    if report["requests"]["right_enough"] != sum(item["score"] == 1 for item in report["items"]):
        found.append("right")
    return found
""": "exactly 0.5 is right enough",
    """def untrue(report):
    found = []
    if report["requests"]["right_enough"] != sum(item["score"] > 0.5 for item in report["items"]):
        found.append("right")
    return found
""": "exactly 0.5 is right enough",
    """def untrue(report):
    found = []
    if report["requests"]["right_enough"] != sum(item["score"] >= 0.5 for item in report["items"]):
        found.append("right")
    return found
""": "Changed was the greatest wait",
    """def untrue(report):
    found = []
    waits = [item["first_token_ms"] for item in report["items"]]
    if report["timing"]["first_token_ms"]["max"] != max(waits):
        found.append("slowest")
    return found
""": "raised TypeError",
    """def untrue(report):
    found = []
    items = report["items"]
    if report["requests"]["right_enough"] != sum(item["score"] >= 0.5 for item in items):
        found.append("right")
    waits = [item["first_token_ms"] or 0 for item in items]
    if report["timing"]["first_token_ms"]["max"] != max(waits):
        found.append("slowest")
    if len(report["errors"]) != sum(item["error"] is not None for item in items):
        found.append("errors")
    return found
""": "untrue doubts how many requests failed",
    """def untrue(report):
    found = []
    items = report["items"]
    if report["requests"]["right_enough"] < sum(item["score"] >= 0.5 for item in items):
        found.append("right")
    return found
""": "Changed was how many items are right",
    """def untrue(report):
    items = report["items"]
    if report["requests"]["right_enough"] != sum(item["score"] >= 0.5 for item in items):
        return ["right"]
    waits = [item["first_token_ms"] or 0 for item in items]
    if report["timing"]["first_token_ms"]["max"] != max(waits):
        return ["slowest"]
    if sum(report["errors"].values()) != sum(item["error"] is not None for item in items):
        return ["errors"]
    return []
""": "Changed was the greatest wait",
    """def untrue(report):
    found = []
    items = report["items"]
    if report["requests"]["right_enough"] != sum(item["score"] >= 0.5 for item in items):
        found.append("right")
    waits = [item["total_ms"] or 0 for item in items]
    if report["timing"]["first_token_ms"]["max"] != max(waits):
        found.append("slowest")
    return found
""": "untrue doubts the greatest wait",
    """def untrue(report):
    items = report["items"]
    found = []
    if sum(report["errors"].values()) != sum("error" in item for item in items):
        found.append("errors")
    return found
""": "untrue doubts how many requests failed",
}
