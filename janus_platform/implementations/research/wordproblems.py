"""Word problems of the kinds that textbooks have, as expressions: percentages, growth, decay, means, clocks, orders.

Each kind is one function: it reads what it knows, and gives None for anything else. They are kinds and not questions:
the words around the numbers may vary, and the numbers may be any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

import short
from quantities import Worked, combine
from reading import NUMBER, ORDINAL, number, place, spelled_numbers
from sequences import describe

_UP = r"(?:rises?|rose|grows?|grew|increases?|increased|goes\s+up|climbs?|gains?|raised|added|earns?|pays?|bears?)"
_DOWN = (
    r"(?:falls?|fell|drops?|dropped|decreases?|decreased|goes\s+down|shrinks?|loses?|reduced|lowered|cut"
    r"|discount(?:ed)?)"
)
_PERIOD = r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?)"


def work_out(text: str) -> Worked | None:
    """The expression whose value the problem asks for; None where it is of no kind that is known here."""
    text = " ".join(text.replace("−", "-").split())
    for kind in KINDS:
        if worked := kind(text):
            return worked
    return None


def _growth(text: str) -> Worked | None:
    """An amount that grows or shrinks by so many per cent a year, after so many years."""
    rate = short.search(
        rf"({NUMBER})\s*(?:%|per\s*cent)[^.;]{{0,20}}?\b(?:a|an|per|each|every)\s+({_PERIOD})", text, re.I
    )
    after = short.search(rf"\b(?:after|in|for|over)\s+({NUMBER})\s+({_PERIOD})", spelled_numbers(text), re.I)
    if not rate or not after or rate[2].rstrip("s") != after[2].rstrip("s"):
        return None
    amounts = [n for n in _bare_numbers(text) if n not in (number(rate[1]), number(after[1]))]
    if len(amounts) != 1:
        return None
    sign = "-" if short.search(_DOWN, text, re.I) else "+"
    return Worked(f"{amounts[0]} * (1 {sign} {number(rate[1])} / 100) ** {number(after[1])}", "")


def _percentages(text: str) -> Worked | None:
    """An amount that rises and falls by percentages, one after the other."""
    steps = short.findall(rf"\b({_UP}|{_DOWN})\b[^.;%0-9]{{0,30}}?({NUMBER})\s*(?:%|per\s*cent)", text, re.I)
    again = rf"\b({_UP}|{_DOWN})\b(?=[^.;]*%)[^.;]*?\bby\s+(?:another|a\s+further)\s+({NUMBER})\s*(?:%|per\s*cent)"
    steps += short.findall(again, text, re.I)  # "rises by 5 % and then by another 4 %"
    amounts = _bare_numbers(text)
    if not steps or len(amounts) != 1 or len(steps) != len(short.findall(r"%|per\s*cent", text)):
        return None
    factors = [f"(1 {'-' if short.fullmatch(_DOWN, verb, re.I) else '+'} {number(said)} / 100)" for verb, said in steps]
    return Worked(" * ".join([amounts[0], *factors]), "")


def _share(text: str) -> Worked | None:
    """So many per cent of an amount, or the amount of which so many per cent are given."""
    share = short.findall(rf"({NUMBER})\s*(?:%|per\s*cent)", text, re.I)
    amounts = _bare_numbers(text)
    if len(share) != 1 or len(amounts) != 1 or short.search(rf"\b(?:{_UP}|{_DOWN})\b", text, re.I):
        return None
    unit = short.search(rf"(?<![\w.]){NUMBER}\s*(g|kg|ml|l|km|m|litres|grams|euros)\b", text)
    if short.search(r"\b(?:when\s+(?:it\s+is\s+)?full|in\s+(?:all|total)|altogether|the\s+whole)\b", text, re.I):
        return Worked(f"{amounts[0]} * 100 / {number(share[0])}", "")
    if short.search(r"%\s+of\b|\bper\s*cent\s+of\b", text, re.I):
        return Worked(f"{amounts[0]} * {number(share[0])} / 100", unit[1] if unit else "")
    return None


def _half_life(text: str) -> Worked | None:
    """What is left after some time of something that halves, or how much there is of what doubles."""
    plain = spelled_numbers(text)
    period = short.search(
        rf"\bhalf[- ]life\s+(?:of|is)\s+({NUMBER})\s+({_PERIOD})"
        rf"|\b(?:halves|doubles)\s+every\s+({NUMBER})\s+({_PERIOD})",
        plain,
        re.I,
    )
    after = short.search(rf"\b(?:after|in)\s+({NUMBER})\s+({_PERIOD})", plain, re.I)
    if not period or not after or (period[2] or period[4]).rstrip("s") != after[2].rstrip("s"):
        return None
    length, spent = number(period[1] or period[3]), number(after[1])
    start = [n for n in _bare_numbers(plain) if n not in (length, spent)]
    base = "2" if short.search(r"\bdoubles\b", plain, re.I) else "0.5"
    return Worked(f"{start[0] if start else 1} * {base} ** ({spent} / {length})", "") if len(start) < 2 else None


def _mean(text: str) -> Worked | None:
    """The mean of numbers that are listed, or the one of them that is missing."""
    listed = rf"({NUMBER}(?:\s*,\s*{NUMBER})*(?:\s*,?\s*and\s+{NUMBER})?)"
    missing = short.search(
        rf"\b(?:mean|average)\s+of\s+{listed}\s*,?\s*and\s+an?(?:other|\s+\w+)?\s+(?:number|value|one)?\s*is\s+({NUMBER})",
        text,
        re.I,
    )
    if missing:
        known = _listed(missing[1])
        return Worked(f"{number(missing[2])} * {len(known) + 1} - ({' + '.join(known)})", "")
    shapes = {"mean|average": "({}) / {}", "sum|total": "({})", "product": "({})"}
    for names, shape in shapes.items():
        found = short.search(rf"\b(?:{names})\s+of\s+(?:the\s+numbers\s+)?{listed}\s*[.?]?\s*(?:$|[A-Z])", text, re.I)
        if found and len(known := _listed(found[1])) > 1:
            joined = (" * " if names == "product" else " + ").join(known)
            return Worked(shape.format(joined, len(known)), "")
    return None


def _clock(text: str) -> Worked | None:
    """A time of day, some hours and minutes later or earlier."""
    times = short.findall(r"\b(\d{1,2}):(\d{2})\b", text)
    spans = short.findall(
        rf"\b({NUMBER})\s*(hours?|h|minutes?|min)\b", spelled_numbers(text.replace("24-hour", "")), re.I
    )
    if len(times) != 1 or not spans or not short.search(r"\b(?:what\s+time|when|which\s+time)\b", text, re.I):
        return None
    minutes = " + ".join(f"{number(said)} * {60 if unit[0].lower() == 'h' else 1}" for said, unit in spans)
    sign = "-" if short.search(r"\b(?:before|earlier|previous|ago)\b", text, re.I) else "+"
    total = f"({int(times[0][0]) * 60 + int(times[0][1])} {sign} ({minutes})) % 1440"
    return Worked(f"'%02d:%02d' % divmod({total}, 60)", "")


def _order(text: str) -> Worked | None:
    """Who comes where, from comparisons of two: "A is taller than B", "C is shorter than A"."""
    name = r"([A-ZÀ-Þ]\w+)"
    pairs = short.findall(rf"{name}\s+(?:is|was|came|ran|has)\s+(\w+er)\s+than\s+{name}", text)
    asked = short.search(rf"\bwho\s+(?:is|was)\s+(?:the\s+)?({ORDINAL})?[- ]?(\w+)est\b", text, re.I)
    if len(pairs) < 2 or not asked:
        return None
    upward = _stem(asked[2])
    chains = [(high, low) if _stem(word[:-2]) == upward else (low, high) for high, word, low in pairs]
    if len({_stem(word[:-2]) for _, word, _ in pairs} | {upward}) > 2:
        return None  # two adjectives are opposites; three are about different things
    names = sorted({person for pair in chains for person in pair})
    if len(names) > 7:
        return None
    rank = place(asked[1]) if asked[1] else 0
    fitting = [row for row in permutations(names) if all(row.index(high) < row.index(low) for high, low in chains)]
    found = {row[rank] for row in fitting if rank < len(row)}
    return Worked(repr(found.pop()), "") if len(found) == 1 else None


def _counted(text: str) -> Worked | None:
    """Members of a range, of digits or of divisors, counted, added up or listed."""
    question = short.split(r"(?<=[.?!])\s+(?=[A-Z])", text)[0]
    question = short.sub(r",?\s*\bseparated\s+by\s+commas?\b|,?\s*\band\s+nothing\s+else\b", " ", question)
    if not short.search(r"\d", question) or not (found := describe(question)):
        return None
    return Worked(found, "")


def _bare_numbers(text: str) -> list[str]:
    """The numbers that are no percentages."""
    return [
        number(found)
        for found in short.findall(rf"(?<![\w.:])({NUMBER})(?![\d:]|\.\d|\s*(?:%|per\s*cent))", spelled_numbers(text))
    ]


def _listed(said: str) -> list[str]:
    return [number(found) for found in short.findall(NUMBER, said)]


def _stem(adjective: str) -> str:
    """The stem that "bigger" and "biggest" share."""
    lower = adjective.lower()
    return lower[:-1] if len(lower) > 3 and lower[-1] == lower[-2] else lower


KINDS: tuple[Callable[[str], Worked | None], ...] = (
    _order,
    _clock,
    _half_life,
    _growth,
    _percentages,
    _share,
    _mean,
    _counted,
    combine,
)
