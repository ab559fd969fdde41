"""Right answers to the practice pages' puzzles that look otherwise than the solutions."""

from __future__ import annotations

_COUNTED = """def break_even(whole, cut):
    def sums(turns):
        cached = [turn["prompt_tokens_details"]["cached_tokens"] for turn in turns]
        return sum(turn["prompt_tokens"] for turn in turns), sum(cached)

    (all_whole, held_whole), (all_cut, held_cut) = sums(whole), sums(cut)
"""

PRACTICE_ANSWERS: dict[str, list[str]] = {
    "practice_debug_a_trace.together": [
        """def together(calls):
    moments = sorted([(c.start_ms, 1) for c in calls] + [(c.end_ms, -1) for c in calls], key=lambda m: (m[0], m[1]))
    most = open_now = 0
    for _, change in moments:
        open_now += change
        most = max(most, open_now)
    return most
""",
    ],
    "practice_debug_a_trace.culprit": [
        """def culprit(calls, silence):
    last = None
    for call in sorted(calls, key=lambda call: call.end_ms):
        if 0 <= call.end_ms - silence.start_ms <= silence.ms:
            last = call.name
    return last
""",
        """def culprit(calls, silence):
    ends = {call.end_ms: call.name for call in calls}
    inside = [end for end in ends if silence.start_ms < end < silence.start_ms + silence.ms]
    return ends[max(inside)] if inside else None
""",
    ],
    "practice_debug_a_trace.swallowed": [
        """def swallowed(trace):
    found = []
    for span in trace.spans:
        if span.name not in ("gateway", "node", "implementation") and span.status is not None and span.status > 399:
            found += [[span.name, span.status]]
    return found if trace.named("gateway")[0].status < 400 else []
""",
        """def swallowed(trace):
    bad = [(c.name, c.status) for c in calls(trace) if c.status // 100 in (4, 5)]
    return bad * (trace.spans[0].status < 400)
""",
    ],
    "practice_debug_a_trace.payloads": [
        """def payloads(reads):
    kept = bytearray()
    for read in reads:
        for byte in read:
            if byte != 10:
                kept.append(byte)
                continue
            if kept[:6] == b"data: ":
                yield bytes(kept[6:]).decode()
            kept.clear()
""",
        """def payloads(reads):
    left = b""
    for read in reads:
        left += read
        while b"\\n\\n" in left:
            event, left = left.split(b"\\n\\n", 1)
            for line in event.decode().split("\\n"):
                if line[:6] == "data: ":
                    yield line[6:]
""",
        """import codecs

def payloads(reads):
    decoder, left = codecs.getincrementaldecoder("utf-8")(), ""
    for read in reads:
        left += decoder.decode(read)
        *lines, left = left.split("\\n")
        yield from (line[6:] for line in lines if line.startswith("data: "))
""",
    ],
    "practice_read_a_bill.reread": [
        """def reread(turns):
    if not turns:
        return 0.0
    there, again, sent = 0, 0, 0
    for turn in turns:
        again += min(there, turn["prompt_tokens"])
        sent += turn["prompt_tokens"]
        there = turn["prompt_tokens"] + turn["completion_tokens"]
    return again / sent
""",
        """def reread(turns):
    ends = [0] + [turn["prompt_tokens"] + turn["completion_tokens"] for turn in turns]
    sent = [turn["prompt_tokens"] for turn in turns]
    return sum(map(min, ends, sent)) / (sum(sent) or 1)
""",
    ],
    "practice_read_a_bill.usage_of": [
        "def usage_of(chunks):\n    return next((c['usage'] for c in chunks[::-1] if c.get('usage')), None)",
        "def usage_of(chunks):\n    found = [chunk.get('usage') for chunk in chunks]\n"
        "    found = [usage for usage in found if usage is not None]\n    return found[-1] if found else None",
        "def usage_of(chunks):\n    usage = None\n    for chunk in chunks:\n"
        "        usage = chunk.get('usage') or usage\n"
        "    return usage",
    ],
    "practice_read_a_bill.per_right": [
        "def per_right(rows):\n    if not any(row['right'] for row in rows):\n        return None\n"
        "    return sum(row['usd'] for row in rows) / len([row for row in rows if row['right']])",
        "def per_right(rows):\n    try:\n        return sum(r['usd'] for r in rows) / sum(r['right'] for r in rows)\n"
        "    except ZeroDivisionError:\n        return None",
    ],
    "practice_read_a_bill.break_even": [
        _COUNTED + "    gap, held = (all_cut - held_cut) - (all_whole - held_whole), held_whole - held_cut\n"
        "    if not held or gap / held < 0 or gap / held > 1:\n        return None\n    return gap / held\n",
        _COUNTED + "    from fractions import Fraction\n    if held_whole == held_cut:\n        return None\n"
        "    part = 1 - Fraction(all_whole - all_cut, held_whole - held_cut)\n"
        "    return float(part) if 0 <= part <= 1 else None\n",
    ],
    "practice_design_a_limit.burst": [
        "def burst(limit, seconds):\n    edge = 5 * seconds\n"
        "    return [edge - seconds / 1000] * limit + [edge] * limit",
        "def burst(limit, seconds):\n    step = 0.09 * seconds / (2 * limit)\n"
        "    return [seconds + (n - limit) * step for n in range(2 * limit)]",
    ],
    "practice_design_a_limit.wait": [
        """def wait(passed, now, limit, seconds):
    after = 0
    while sum(time + seconds > now + after for time in passed) >= limit:
        after += 1
    return after
""",
        """import math

def wait(passed, now, limit, seconds):
    if len(passed) < limit:
        return 0
    return max(0, math.ceil(passed[-limit] + seconds - now))
""",
    ],
    "practice_design_a_limit.shares": [
        """def shares(wanted, there_is):
    if sum(wanted.values()) <= there_is:
        return dict(wanted)
    low, high = 0.0, float(max(wanted.values(), default=0))
    for _ in range(200):
        level = (low + high) / 2
        if sum(min(level, amount) for amount in wanted.values()) > there_is:
            high = level
        else:
            low = level
    return {name: min(level, amount) for name, amount in wanted.items()}
""",
        """def shares(wanted, there_is):
    waiting, given = dict(wanted), {}
    while waiting:
        equal = there_is / len(waiting)
        content = [name for name, amount in waiting.items() if amount <= equal]
        if not content:
            return given | {name: equal for name in waiting}
        for name in content:
            given[name] = waiting.pop(name)
            there_is -= given[name]
    return given
""",
    ],
    "practice_design_a_limit.forget": [
        """import heapq

def forget(table, now, most):
    return heapq.nsmallest(len(table) - most, table, key=lambda one: len([end for end in table[one] if end > now]))
""",
        """def forget(table, now, most):
    order = sorted(table, key=lambda one: (sum(end > now for end in table[one]), one))
    return order[: max(len(table) - most, 0)]
""",
    ],
    "practice_design_a_limit.choose": [
        """def choose(open_requests, rng):
    most = max(open_requests) + 1
    weights = [(most - count) ** 2 for count in open_requests]
    return rng.choices(range(len(open_requests)), weights)[0]
""",
    ],
    "practice_find_the_cheat.holds_back": [
        """def holds_back(answers):
    short, *_, long = sorted(answers, key=len)
    return long[0] - short[0] > (long[-1] - short[-1]) / 3
""",
        """import numpy

def holds_back(answers):
    lengths, waits = [len(a) for a in answers], [a[0] for a in answers]
    return numpy.corrcoef(lengths, waits)[0, 1] > 0.9
""",
    ],
    "practice_find_the_cheat.by_heart": [
        """from statistics import fmean

def by_heart(rows):
    kinds = {drawn: [row["right"] for row in rows if row["drawn"] == drawn] for drawn in (False, True)}
    return fmean(kinds[False]) - fmean(kinds[True]) if all(kinds.values()) else None
""",
        """def by_heart(rows):
    count = {(d, r): sum(row["drawn"] == d and row["right"] == r for row in rows) for d in (0, 1) for r in (0, 1)}
    try:
        share = [count[d, 1] / (count[d, 0] + count[d, 1]) for d in (0, 1)]
    except ZeroDivisionError:
        return None
    return share[0] - share[1]
""",
    ],
    "practice_find_the_cheat.untrue": [
        """def untrue(report):
    items = report["items"]
    waits = [item["first_token_ms"] for item in items if item["first_token_ms"]]
    true = {
        "right": len([1 for item in items if item["score"] > 0.4999]) == report["requests"]["right_enough"],
        "slowest": sorted(waits)[-1] == report["timing"]["first_token_ms"]["max"],
        "errors": len([1 for item in items if item["error"]]) == sum(report["errors"].values()),
    }
    return [name for name in true if not true[name]]
""",
        """def untrue(report):
    found = []
    items = report["items"]
    if sum(bool(item["error"]) for item in items) - sum(report["errors"].values()):
        found += ["errors"]
    if abs(max(item["first_token_ms"] or 0 for item in items) - report["timing"]["first_token_ms"]["max"]) > 0.001:
        found += ["slowest"]
    if sum(item["score"] >= 0.5 for item in items) - report["requests"]["right_enough"]:
        found += ["right"]
    return found
""",
    ],
    "practice_find_the_cheat.changed": [
        """def changed(entered, ran):
    before, after = ({(e["register"], e["name"]): e["value"] for e in log} for log in (entered, ran))
    found = {}
    for key in before | after:
        if before.get(key) != after.get(key):
            found[" ".join(key)] = "new" if key not in before else "gone" if key not in after else "changed"
    return found
""",
        """def changed(entered, ran):
    before, after = ({e["register"] + " " + e["name"]: e["value"] for e in log} for log in (entered, ran))
    words = {name: "gone" for name in before} | {name: "changed" for name in after}
    words |= {name: "new" for name in after.keys() - before.keys()}
    return {name: word for name, word in words.items() if before.get(name) != after.get(name)}
""",
    ],
    "practice_choose_an_interval.interval": [
        """import numpy

def interval(values, rng):
    draw = numpy.random.default_rng(rng.getrandbits(32))
    means = draw.choice(values, size=(1000, len(values))).mean(axis=1)
    return tuple(float(end) for end in numpy.percentile(means, [2.5, 97.5]))
""",
        """from statistics import fmean, quantiles

def interval(values, rng):
    means = [fmean(rng.choice(values) for _ in values) for _ in range(1000)]
    cuts = quantiles(means, n=40)
    return [cuts[0], cuts[-1]]
""",
    ],
    "practice_choose_an_interval.stratified": [
        """from statistics import quantiles

def stratified(groups, rng):
    means = []
    for _ in range(1000):
        drawn = [rng.choice(scores) for scores in groups.values() for _ in scores]
        means.append(sum(drawn) / len(drawn))
    cuts = quantiles(means, n=40)
    return cuts[0], cuts[-1]
""",
        """def stratified(groups, rng):
    count, means = sum(map(len, groups.values())), []
    for _ in range(1000):
        total = 0
        for scores in groups.values():
            total += sum(rng.choices(scores, k=len(scores)))
        means.append(total / count)
    means = sorted(means)[25:-25]
    return means[0], means[-1]
""",
    ],
    "practice_choose_an_interval.difference": [
        """def difference(first, second, rng):
    both = sorted(first.keys() & second.keys())
    means = []
    for _ in range(1000):
        drawn = rng.choices(both, k=len(both))
        means.append(sum(second[item] for item in drawn) / len(both) - sum(first[item] for item in drawn) / len(both))
    means.sort()
    return means[24], means[975]
""",
        """import numpy

def difference(first, second, rng):
    gains = numpy.array([second[item] - first[item] for item in first if item in second])
    draw = numpy.random.default_rng(rng.getrandbits(32))
    means = gains[draw.integers(len(gains), size=(1000, len(gains)))].mean(axis=1)
    low, high = numpy.percentile(means, [2.5, 97.5])
    return float(low), float(high)
""",
    ],
    "practice_choose_an_interval.once_each": [
        """from collections import defaultdict
from statistics import fmean

def once_each(runs):
    scores = defaultdict(list)
    for row in sum(runs, []):
        scores[row["item"]] += [row["score"]]
    return list(map(fmean, scores.values()))
""",
        """def once_each(runs):
    rows = [row for run in runs for row in run]
    found = []
    for item in sorted({row["item"] for row in rows}):
        some = [row["score"] for row in rows if row["item"] == item]
        found.append(sum(some) / len(some))
    return found
""",
    ],
    "practice_choose_an_interval.by_chance": [
        """from math import comb

def by_chance(first, second):
    won = lost = 0
    for a, b in zip(first, second):
        a, b = a or float("inf"), b or float("inf")
        won, lost = won + (a < b), lost + (b < a)
    chance = sum(comb(won + lost, k) for k in range(min(won, lost) + 1)) / 2 ** (won + lost)
    return min(1, 2 * chance)
""",
        """def by_chance(first, second):
    ranks = [(a or 999, b or 999) for a, b in zip(first, second) if a != b]
    won, n = sum(a < b for a, b in ranks), len(ranks)
    row = [1]
    for _ in range(n):
        row = [a + b for a, b in zip([0, *row], [*row, 0])]
    return min(1.0, sum(row[max(won, n - won) :]) / 2 ** (n - 1)) if n else 1.0
""",
    ],
}
