"""Read the egress log.

Write `wanted_out(events)`: which hosts somebody tried to reach that are not on the list. Return pairs of a host without
its port and how often it was tried, the most often tried first. `events` is a list as `platform.blocked()` returns it;
other reasons than `"host is not on the allow-list"` do not count.
"""

from collections import Counter

from janus_book.exercise import Hint


# %% answer
def wanted_out(events):
    ### BEGIN SOLUTION
    reason = "host is not on the allow-list"
    targets = [event["target"] for event in events if event["reason"] == reason]
    return Counter(target.rpartition(":")[0] for target in targets).most_common()
    ### END SOLUTION


# %% check
def check(wanted_out):
    import janus_platform as janus
    from janus_platform.egress.knock import knock

    platform = janus.up()
    before = len(platform.blocked())
    for host, times in (("often.example", 3), ("rarely.example", 1), ("sometimes.example", 2)):
        for _ in range(times):
            knock(f"{host}:443")
    knock("api.chutes.ai:80")
    events = platform.blocked()[before:]
    found = wanted_out(events)
    wanted = [("often.example", 3), ("sometimes.example", 2), ("rarely.example", 1)]
    if found is None or found is ...:
        raise Hint("wanted_out returns nothing yet. Collect the targets of the events; Counter counts them.")
    pairs = [tuple(pair) for pair in (found.items() if isinstance(found, dict) else found)]
    if any(":" in str(host) for host, *_ in pairs):
        raise Hint("The port is still there. rpartition(':') parts it from the host.")
    if any("chutes" in str(host) for host, *_ in pairs):
        raise Hint("A listed host is among them: it was refused for its port. Look at the reason of each event.")
    if sorted(pairs) != sorted(wanted):
        raise Hint(f"{len(events)} events came, and yours are {pairs}. often.example was tried three times.")
    if pairs != wanted:
        raise Hint("The counts are right, the order is not: the most often tried comes first.")
    return "Six attempts to reach three hosts, read from the log that the check had just caused."


# %% mistakes
MISTAKES = {
    "def wanted_out(events):\n"
    "    return Counter(event['target'] for event in events).most_common()": "The port is still there",
    "def wanted_out(events):\n"
    "    return Counter(e['target'].rpartition(':')[0] for e in events).most_common()": "refused for its port",
    "def wanted_out(events):\n"
    "    out = [e['target'].rpartition(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return [(host, 1) for host in set(out)]": "three times",
    "def wanted_out(events):\n"
    "    out = [e['target'].rpartition(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return sorted(Counter(out).items())": "the order is not",
}
