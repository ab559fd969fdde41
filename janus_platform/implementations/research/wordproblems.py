"""Word problems of the kinds that textbooks have, as expressions: percentages, growth, decay, means, clocks, orders.

Each kind is one function: it reads what it knows, and gives None for anything else. They are kinds and not questions:
the words around the numbers may vary, and the numbers may be any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

import short
from expressions import arithmetic, one_variable
from quantities import Worked, combine
from reading import NUMBER, ORDINAL, number, place, spelled_numbers
from sequences import describe

_UP = r"(?:rises?|rose|grows?|grew|increases?|increased|goes\s+up|climbs?|gains?|raised|added|earns?|pays?|bears?)"
_DOWN = (
    r"(?:falls?|fell|drops?|dropped|decreases?|decreased|goes\s+down|shrinks?|loses?|reduced|lowered|cut"
    r"|discount(?:ed)?)"
)
_MORE = ("larger", "bigger", "greater", "more")
_PERIOD = r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?)"
_MONEY = r"[€$£]?\s*"


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


def _weighted(text: str) -> Worked | None:
    """A whole that is made of named parts by percentages, and what each part is."""
    weights = {
        name.lower(): number(said)
        for said, name in short.findall(rf"({NUMBER})\s*%\s+(?:of\s+)?(?:the\s+)?([a-z]\w*)", text, re.I)
    }
    if len(weights) < 2:
        return None
    told = short.sub(rf"{NUMBER}\s*%\s+(?:of\s+)?(?:the\s+)?\w+", " ", text)
    values = {}
    for name in weights:
        found = short.search(rf"\b{re.escape(name)}\b\s*(?:is|was|are|has|gets|scores|:|=)?\s*({NUMBER})", told, re.I)
        if not found:
            return None
        values[name] = number(found[1])
    return Worked(f"({' + '.join(f'{w} * {values[name]}' for name, w in weights.items())}) / 100", "")


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


def _steps(text: str) -> Worked | None:
    """A sequence in which each number follows from the one before: "times 3, minus 8"."""
    plain = spelled_numbers(text)
    start = short.search(rf"\b(?:starts?|begins?)\s+(?:with|at)\s+({NUMBER})", plain, re.I)
    rule = short.search(r"\beach\s+(?:number|term|one)?[^.]*?\b(?:is|equals)\s+([^.]*)", plain, re.I)
    wanted = short.search(rf"\b(?:the|which)\s+({ORDINAL})\s+(?:number|term|one)\b", text, re.I)
    if not (start and rule and wanted) or place(wanted[1]) < 0:
        return None
    operations = short.findall(
        rf"({NUMBER})\s+(times)|(times|plus|minus|divided\s+by|less)\s+({NUMBER})|({NUMBER})\s+(more|less)\s+than",
        rule[1],
        re.I,
    )
    made = "x"
    for first, times, word, second, third, than in operations:
        said, verb = number(first or second or third), (times or word or than).lower()
        sign = {"times": "*", "plus": "+", "more": "+"}.get(verb, "/" if "divided" in verb else "-")
        made = f"({made}) {sign} {said}"
    if not operations:
        return None
    return Worked(
        f"__import__('functools').reduce(lambda x, _: {made}, range({place(wanted[1])}), {number(start[1])})", ""
    )


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


def _compared(text: str) -> Worked | None:
    """Which of two numbers is larger, or whether one is."""
    expression = r"[-\d][\d\s.,+*/^()-]*"
    whether = short.search(
        r"\b(?:is|are)\s+(\d.*?)\s+(larger|bigger|greater|more|smaller|less)\s+than\s+(\d[^?]*)\?", text, re.I
    )
    if whether and (left := _sum_of(whether[1])) and (right := _sum_of(whether[3])):
        sign = ">" if whether[2].lower() in _MORE else "<"
        return Worked(f"'yes' if {left} {sign} {right} else 'no'", "")
    which = short.search(
        rf"\bwhich\s+(?:one\s+)?(?:is|of)\b[^:,]*\b(larger|bigger|greater|smaller|less|lower)\b[:,]?\s+({expression}?)\s+or\s+({expression}?)\s*[?.]",
        text + ".",
        re.I,
    )
    if not which:
        return None
    one, other = which[2].strip(), which[3].strip()
    sign = ">" if which[1].lower() in _MORE else "<"
    return (
        Worked(f"{one!r} if {number(one)} {sign} {number(other)} else {other!r}", "")
        if _is_sum(one) and _is_sum(other)
        else None
    )


def _divisors(text: str) -> Worked | None:
    """Greatest common divisor, least common multiple, a number in another base, a half and the like."""
    for names, shape in (
        (r"greatest\s+common\s+(?:divisor|factor)|gcd|largest\s+common\s+divisor", "__import__('math').gcd({})"),
        (r"(?:least|lowest|smallest)\s+common\s+multiple|lcm", "__import__('math').lcm({})"),
    ):
        if found := short.search(
            rf"\b(?:{names})\s+of\s+({NUMBER}(?:\s*,\s*{NUMBER})*\s*,?\s*and\s+{NUMBER})", text, re.I
        ):
            return Worked(shape.format(", ".join(_listed(found[1]))), "")
    if found := short.search(
        rf"(?<!\*)(?<!\*\s)(?<![\w-])({NUMBER})\s+(?:in|as|to)\s+(?:an?\s+)?(hexadecimal|binary|octal)\b", text, re.I
    ):
        letter = {"h": "x", "b": "b", "o": "o"}[found[2][0].lower()]
        return Worked(f"format({number(found[1])}, '{letter}')", "")
    if found := short.search(
        rf"\b(half|a\s+third|a\s+quarter|double|twice|triple)\s+(?:of\s+)?({NUMBER})\b\s*[?.]", text + ".", re.I
    ):
        sign = {"half": "/ 2", "double": "* 2", "twice": "* 2", "triple": "* 3"}.get(found[1].lower())
        return Worked(f"{number(found[2])} {sign or ('/ 3' if 'third' in found[1] else '/ 4')}", "")
    return None


def _combinations(text: str) -> Worked | None:
    """Choices and arrangements: teams out of people, handshakes, the letters of a word in another order."""
    plain = spelled_numbers(text)
    pairs = short.search(
        rf"\bpairs\b[^.?]*?\b(?:from|of|among)\s+({NUMBER})\s+(?:people|players|teams|friends|\w+s)\b", plain, re.I
    )
    if pairs and short.search(r"\bhow\s+many\b", plain, re.I) and len(_bare_numbers(plain)) == 1:
        return Worked(f"__import__('math').comb({number(pairs[1])}, 2)", "")
    team = short.search(
        rf"\b(?:teams?|groups?|committees?|pairs?|ways)\b[^.?]*?\b(?:of|choose|pick|select)\s+({NUMBER})\b[^.?]*?"
        rf"\b(?:from|of|among)\s+({NUMBER})\s+\w+",
        plain,
        re.I,
    )
    if team and not short.search(r"\border\b", plain, re.I):
        return Worked(f"__import__('math').comb({number(team[2])}, {number(team[1])})", "")
    if short.search(r"\bshakes?\s+hands\b|\bplays?\s+(?:against\s+)?(?:every|each)\s+other\b", plain, re.I):
        people = _bare_numbers(plain)
        return Worked(f"__import__('math').comb({people[0]}, 2)", "") if len(people) == 1 else None
    word = short.search(
        r"\bletters\s+of\s+(?:the\s+word\s+)?['\"]?([A-Za-z]{2,20})['\"]?\s+be\s+(?:arranged|ordered|rearranged)", text
    )
    if not word:
        return None
    repeated = " * ".join(f"math.factorial({word[1].count(letter)})" for letter in sorted(set(word[1])))
    return Worked(f"math.factorial({len(word[1])}) // ({repeated})", "")


def _formula_sum(text: str) -> Worked | None:
    """A sum or product of a formula: "the sum of 1/k for k from 1 to 20"."""
    found = short.search(
        rf"\b(sum|product)\s+of\s+([^.,?]{{1,60}}?)\s+(?:for|where|with)\s+([a-z])\s+(?:goes\s+|runs\s+)?from\s+({NUMBER})\s+to\s+({NUMBER})",
        text,
        re.I,
    )
    if not found or not (formula := one_variable(found[2], found[3])):
        return None
    call = "sum" if found[1].lower() == "sum" else "math.prod"
    return Worked(f"{call}({formula} for {found[3]} in range({number(found[4])}, {number(found[5])} + 1))", "")


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


def _sum_of(said: str) -> str | None:
    """A number or a sum of numbers, in Python."""
    return number(said.strip()) if short.fullmatch(NUMBER, said.strip()) else arithmetic(said)


def _is_sum(said: str) -> bool:
    return bool(short.fullmatch(r"[\d\s.,+*/()-]+", said))


def _stem(adjective: str) -> str:
    """The stem that "bigger" and "biggest" share."""
    lower = adjective.lower()
    return lower[:-1] if len(lower) > 3 and lower[-1] == lower[-2] else lower


KINDS: tuple[Callable[[str], Worked | None], ...] = (
    _order,
    _clock,
    _half_life,
    _growth,
    _weighted,
    _percentages,
    _share,
    _mean,
    _steps,
    _compared,
    _divisors,
    _combinations,
    _formula_sum,
    _counted,
    combine,
)
