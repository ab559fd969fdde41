"""Choose with an old picture.

Many gateways share eight nodes, and each hears only now and then how many requests are open where. Write
`choose(open_requests, rng)`: the number, from 0 on, of the node that gets the next request. `open_requests` is the
list of counts as last heard, `rng` a `random.Random`. The check tries yours twice: with counts that are always fresh,
and with counts that are 60 requests old.
"""

from janus_book.exercise import Hint


# %% answer
def choose(open_requests, rng):
    nodes = range(len(open_requests))
    ### BEGIN SOLUTION
    one, other = rng.sample(nodes, 2)
    return one if open_requests[one] <= open_requests[other] else other
    ### END SOLUTION


# %% check
def check(choose):
    from janus_book.practice import overhang

    begin = "Begin with a random one, `rng.choice(nodes)`, then think of a way to use the counts as well."
    fresh, stale = overhang(choose, begin, old=1), overhang(choose, begin, old=60)
    if fresh > 30:
        raise Hint(
            f"Even with fresh counts the fullest node is {fresh:.0f} above the "
"mean. Is what you return the number of a "
            "node, not its count, and the node with fewer open requests?"
        )
    if stale > 15:
        raise Hint(
            f"With fresh counts the fullest node is {fresh:.1f} above the mean, "
f"with old ones {stale:.1f}: whoever looks "
            "least busy is chosen by everybody until the next news. Leave something to chance."
        )
    if fresh > 3:
        raise Hint(
            f"With old counts the fullest node is {stale:.1f} above the mean, "
f"with fresh ones still {fresh:.1f}: chance "
            "alone leaves some nodes behind. Use what the counts say, of a few nodes at least."
        )
    return f"The fullest node is {fresh:.1f} above the mean with fresh counts, {stale:.1f} with old ones."


# %% mistakes
MISTAKES = {
    "def choose(open_requests, rng):\n    return open_requests.index(min(open_requests))": "chosen by everybody",
    "def choose(open_requests, rng):\n    return rng.randrange(len(open_requests))": "chance alone leaves",
    "def choose(open_requests, rng):\n    return 0": "Even with fresh counts",
    "def choose(open_requests, rng):\n    return min(open_requests)": "not its count",
    "def choose(open_requests, rng):\n    return rng.choice(open_requests)": "no number of a node",
    "def choose(open_requests, rng):\n    return open_requests.index(max(open_requests))": "with fewer open requests",
    """def choose(open_requests, rng):
    least = min(open_requests)
    return rng.choice([node for node, count in enumerate(open_requests) if count == least])
""": "chosen by everybody",
    "def choose(open_requests, rng):\n    return rng.randint(0, len(open_requests))": "no number of a node",
    "def choose(open_requests, rng):\n    return rng.random() * len(open_requests)": "A whole number is wanted",
    "def choose(open_requests, rng):\n    return [rng.randrange(len(open_requests))]": "A whole number is wanted",
    """def choose(open_requests, rng):
    one, other = rng.sample(range(len(open_requests)), 2)
    return one if open_requests[one] >= open_requests[other] else other
""": "with fewer open requests",
    """def choose(open_requests, rng):
    few = rng.sample(range(len(open_requests)), 7)
    return min(few, key=lambda node: open_requests[node])
""": "chosen by everybody",
    "def choose(open_requests, rng):\n    return nodes": "raised NameError",
}
