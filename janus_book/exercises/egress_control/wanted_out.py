"""Read the egress log.

Write `wanted_out(events)`: which hosts somebody tried to reach although they are not on the list. Return pairs of a
host without its port and the number of attempts, most attempts first. `events` is a list as `platform.blocked()`
returns it. Count only events with the reason `"host is not on the allow-list"`.
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
    events = attempts()
    try:
        pairs = wanted_out([dict(event) for event in events])
    except KeyError as error:
        raise Hint(f"An event has no {error}. It has {', '.join(events[0])}.") from None
    must_be_pairs_of_host_and_number(pairs)
    must_name_hosts_off_the_list([tuple(pair) for pair in pairs], len(events))
    must_tell_the_port_from_the_host(wanted_out)
    must_count_every_host(wanted_out)
    if pairs_of(wanted_out, []) or wanted_out([]) is None:
        raise Hint("Return an empty list for an empty log.")
    return "Six attempts to reach three hosts, read from the log that the check had just caused."


def attempts():
    """The events of six attempts at three hosts that are not listed, and one at another port of a host that is."""
    import janus_platform as janus
    from janus_platform.egress.connect_request import send_connect

    platform = janus.up()
    for host, times in (("rarely.example", 1), ("often.example", 3), ("sometimes.example", 2)):
        for _ in range(times):
            send_connect(f"{host}:443")
    send_connect("api.chutes.ai:80")
    # By number from the end: the log keeps only so many events of a caller, and may be full.
    return platform.blocked()[-7:]


def off_the_list(target):
    return {"target": target, "reason": "host is not on the allow-list"}


def must_be_pairs_of_host_and_number(pairs):
    if pairs is None or pairs is ...:
        raise Hint("wanted_out returns nothing yet. Collect the targets of the events; Counter counts them.")
    if isinstance(pairs, dict):
        raise Hint(f"Return pairs, in order; yours is a {type(pairs).__name__}. What puts the most attempts first?")
    if not isinstance(pairs, list | tuple):
        raise Hint(f"Return a list of pairs; yours is {type(pairs).__name__}.")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise Hint(f"Yours begins with {pairs[0]!r}, which is not a pair of a host and a number.")
    if not all(isinstance(host, str) and isinstance(times, int) for host, times in pairs):
        raise Hint(f"A pair is a host and a number, in this order, and yours begins with {tuple(pairs[0])}.")


def must_name_hosts_off_the_list(pairs, count):
    wanted = [("often.example", 3), ("sometimes.example", 2), ("rarely.example", 1)]
    if any(":" in host for host, _ in pairs):
        raise Hint("The port is still there. rpartition(':') separates it from the host.")
    if any("chutes" in host for host, _ in pairs):
        raise Hint("A listed host is among them: it was refused for its port. Look at the reason of each event.")
    if sorted(pairs) != sorted(wanted):
        raise Hint(f"There were {count} events, and you return {pairs}. often.example was tried three times.")
    if pairs != wanted:
        raise Hint("The counts are right, but not the order: the host with the most attempts comes first.")


def must_tell_the_port_from_the_host(wanted_out):
    for target, host in (("db-34:443", "db-34"), ("[::1]:443", "[::1]"), ("db:8443", "db")):
        if (pairs := pairs_of(wanted_out, [off_the_list(target)])) != [(host, 1)]:
            raise Hint(f"For a log with only {target}, return {(host, 1)}, not {pairs}. Where does its port begin?")
    twice = [off_the_list(f"db.example:{port}") for port in (443, 22)]
    if (pairs := pairs_of(wanted_out, twice)) != [("db.example", 2)]:
        raise Hint(f"db.example was tried at two ports, so it is one host with two attempts; yours gives {pairs}.")


def must_count_every_host(wanted_out):
    many = [off_the_list(f"{n}.example:443") for n in range(1, 15) for _ in range(n)]
    pairs = pairs_of(wanted_out, [{"target": "search.janus.rodeo:443", "reason": "too many tunnels"}, *many])
    if any(host == "search.janus.rodeo" for host, _ in pairs):
        raise Hint("search.janus.rodeo was refused for 'too many tunnels'. Count only the reason that the task names.")
    if pairs != [(f"{n}.example", n) for n in range(14, 0, -1)]:
        raise Hint(f"14 hosts were tried, one of them 14 times and one once; yours gives {len(pairs)} of them.")


def pairs_of(wanted_out, events):
    got = wanted_out(events)
    if not isinstance(got, list | tuple) or not all(isinstance(pair, list | tuple) for pair in got):
        raise Hint(f"Return a list of pairs for every log, also for an empty or short one; yours returned {got!r}.")
    return [tuple(pair) for pair in got]


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
    "    return sorted(Counter(out).items())": "but not the order",
    "def wanted_out(events):\n"
    "    out = [e['target'].rpartition(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return Counter(out)": "the most attempts first",
    "def wanted_out(events):\n    return sum('list' in e['reason'] for e in events)": "yours is int",
    "def wanted_out(events):\n"
    "    out = [e['target'].rpartition(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return list(Counter(out))": "which is not a pair",
    "def wanted_out(events):\n"
    "    out = [e['target'].rpartition(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return [(n, host) for host, n in Counter(out).most_common()]": "in this order",
    "def wanted_out(events):\n"
    "    out = [e['target'].split(':')[0] for e in events if 'list' in e['reason']]\n"
    "    return Counter(out).most_common()": "Where does its port begin",
    "def wanted_out(events):\n"
    "    return [('often.example', 3), ('sometimes.example', 2), ('rarely.example', 1)]": "Where does its port begin",
    """def wanted_out(events):
    out = [e['target'] for e in events if e['reason'] == 'host is not on the allow-list']
    return Counter(target.removesuffix(':443') for target in out).most_common()
""": "Where does its port begin",
    """def wanted_out(events):
    out = [e['target'] for e in events if e['reason'] == 'host is not on the allow-list']
    return [(target.rpartition(':')[0], n) for target, n in Counter(out).most_common()]
""": "at two ports",
    """def wanted_out(events):
    out = [e['target'] for e in events if e['reason'] == 'host is not on the allow-list']
    return Counter(target.rpartition(':')[0] for target in out).most_common(10)
""": "gives 10 of them",
    """def wanted_out(events):
    out = [e['target'].rpartition(':')[0] for e in events if 'chutes' not in e['target']]
    return Counter(out).most_common()
""": "Count only the reason",
    """def wanted_out(events):
    return Counter(e['host'] for e in events).most_common()
""": "has no 'host'",
    """def wanted_out(events):
    out = [e['target'] for e in events if e['reason'] == 'host is not on the allow-list']
    return Counter(target.rpartition(':')[0] for target in out).most_common() or None
""": "an empty or short one",
}
