"""Quantities with units, combined by dimensional analysis: kilometres over kilometres an hour are hours.

A question that gives a few quantities and asks for one in another unit mostly has one product of them, or of their
inverses, that has the unit asked for. It is looked for among all of them; where there is none, or more than one,
nothing is answered. What is counted ("blocks", "crates") has a dimension of its own, so that seconds a block times
blocks are seconds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import short
from reading import NUMBER, Reading, number, spelled_numbers

# Names of a unit, its dimension, and its size in the dimension's base unit.
_UNITS: tuple[tuple[str, dict[str, int], Fraction], ...] = tuple(
    (names, dimension, Fraction(size))
    for names, dimension, size in (
        ("ms milliseconds millisecond", {"time": 1}, "1/1000"),
        ("s sec seconds second", {"time": 1}, "1"),
        ("min minutes minute", {"time": 1}, "60"),
        ("h hours hour hrs", {"time": 1}, "3600"),
        ("d days day", {"time": 1}, "86400"),
        ("weeks week", {"time": 1}, "604800"),
        ("mm millimetres millimetre millimeters", {"length": 1}, "1/1000"),
        ("cm centimetres centimetre centimeters", {"length": 1}, "1/100"),
        ("m metres metre meters meter", {"length": 1}, "1"),
        ("km kilometres kilometre kilometers kilometer", {"length": 1}, "1000"),
        ("miles mile", {"length": 1}, "1609.344"),
        ("mg milligrams", {"mass": 1}, "1/1000"),
        ("g grams gram", {"mass": 1}, "1"),
        ("kg kilograms kilogram kilos", {"mass": 1}, "1000"),
        ("t tonnes tonne tons", {"mass": 1}, "1000000"),
        ("ml millilitres milliliters", {"volume": 1}, "1/1000"),
        ("l litres litre liters liter", {"volume": 1}, "1"),
        ("bit bits", {"data": 1}, "1/8"),
        ("kbit kilobits", {"data": 1}, "125"),
        ("Mbit megabits megabit", {"data": 1}, "125000"),
        ("Gbit gigabits gigabit", {"data": 1}, "125000000"),
        ("B bytes byte", {"data": 1}, "1"),
        ("kB KB kilobytes", {"data": 1}, "1000"),
        ("MB megabytes megabyte", {"data": 1}, "1000000"),
        ("GB gigabytes gigabyte", {"data": 1}, "1000000000"),
        ("TB terabytes", {"data": 1}, "1000000000000"),
        ("W watts watt", {"energy": 1, "time": -1}, "1"),
        ("kW kilowatts kilowatt", {"energy": 1, "time": -1}, "1000"),
        ("J joules", {"energy": 1}, "1"),
        ("Wh watt-hours", {"energy": 1}, "3600"),
        ("kWh kilowatt-hours", {"energy": 1}, "3600000"),
        ("cents cent ct", {"money": 1}, "1/100"),
        ("euros euro € EUR dollars dollar $ USD", {"money": 1}, "1"),
    )
)
_BY_NAME = {name: (dimension, size) for names, dimension, size in _UNITS for name in names.split()}
_ALIASES = {
    "km/h": ("km", "h"),
    "kph": ("km", "h"),
    "mph": ("miles", "h"),
    "Mbps": ("Mbit", "s"),
    "rpm": ("turns", "min"),
}
_NAME = "|".join(sorted((re.escape(name) for name in _BY_NAME), key=len, reverse=True))
_COUNTED = r"[a-z]{3,}"
_PER = (
    r"\s*(?:/|\bper\b|\bin\s+(?:a|an|one|each|every)\b|\bfor\s+(?:a|an|one|each|every)\b|\ban?\b|\beach\b|\bevery\b)\s*"
)
_QUANTITY = short.compile(
    rf"(?P<number>{NUMBER})\s*(?P<unit>(?:{_NAME})(?![\w])|km/h|mph|kph|Mbps|rpm|{_COUNTED})"
    rf"(?:{_PER}(?P<per>(?:{NUMBER})?\s*(?:(?:{_NAME})(?!\w)|{_COUNTED})))?"
)
_EVERY = short.compile(
    rf"\b(?i:an?|one)\s+(?P<noun>{_COUNTED})(?:\s+\w+)?\s+(?:every|each)\s+(?P<number>{NUMBER})\s*(?P<unit>{_NAME})(?!\w)"
)
_EACH = short.compile(
    rf"(?P<count>{NUMBER})\s+(?P<noun>{_COUNTED})\b[^.;0-9]*?(?P<number>{NUMBER})\s*(?P<unit>{_NAME})\s+(?:each|apiece)\b"
)
_HOLDS = short.compile(
    rf"\b(?i:an?|one|each|every)\s+(?P<noun>{_COUNTED})\s+(?:holds?|has|contains?|costs?|weighs?|takes?|needs?|makes?|uses?)\s+"
    rf"(?P<number>{NUMBER})\s*(?P<unit>(?:{_NAME})(?!\w)|{_COUNTED})(?!\w|{_PER})"
)
_DEFINED = short.compile(rf"\(?\b1\s*\w+\s*=\s*{NUMBER}\s*\w+\)?|\({NUMBER}\s+\w+\)")
_HOW = (
    (r"how\s+(?:long|much\s+time)", {"time": 1}),
    (r"how\s+(?:far|wide|high|deep)", {"length": 1}),
    (r"how\s+heavy", {"mass": 1}),
    (r"how\s+much\s+energy", {"energy": 1}),
    (r"how\s+much\s+(?:fuel|petrol|milk|water|paint)", {"volume": 1}),
    (
        r"(?:how\s+much|what)\s+(?:do|does|is|are|will|would)\s+(?:it|that|they|this|the\s+\w+|\w+)?\s*(?:cost|costs)",
        {"money": 1},
    ),
    (r"(?:how\s+fast|what\b[^.?]*\bspeed)", {"length": 1, "time": -1}),
)
_SHOWN = {"time": "s", "length": "m", "mass": "g", "volume": "l", "data": "bytes", "energy": "J", "money": "euros"}
MOST = 6  # quantities of one question: the combinations double with each


@dataclass(frozen=True)
class Quantity:
    """A number with a dimension; `size` is what one of its unit is in base units."""

    number: str
    size: Fraction
    dimension: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Worked:
    """An expression in Python, and the unit that its value has ("" where the question did not name one)."""

    expression: str
    unit: str


def combine(text: str) -> Worked | None:
    """The one product of the question's quantities that has the unit asked for; None where it is not plain."""
    text = spelled_numbers(_DEFINED.sub(" ", text))
    if "%" in text or not (asked := _asked(text)):
        return None
    unit, dimension, size, told = asked
    quantities = list(_quantities(told))
    if not 1 <= len(quantities) <= MOST or len(quantities) != len(short.findall(NUMBER, told)) - _pairs(told):
        return None
    if all(dict(quantity.dimension) == dimension for quantity in quantities):
        if len(quantities) > 1 and Reading(_QUANTITY.sub(" ", told)).unread(["altogether"]):
            return None  # more is said of them than that they belong together
        if len(quantities) == 1 and quantities[0].size == size:
            return None  # it is given, and not asked for
        terms = [f"{q.number} * {_factor(q.size)}" for q in quantities]
        return Worked(f"({' + '.join(terms)}) / {_factor(size)}", unit)
    found: dict[str, None] = {}
    for signs in product((1, -1), repeat=len(quantities)):
        if _dimension_of(quantities, signs) == dimension:
            found[_expression(quantities, signs, size)] = None
    return Worked(next(iter(found)), unit) if len(found) == 1 else None


def _asked(text: str) -> tuple[str, dict[str, int], Fraction, str] | None:
    """Unit, dimension and size that are asked for, and the text without the words that ask."""
    ratio = short.search(rf"\bin\s+({_NAME})(?:\s+(?:per|a|an)\s+|/)({_NAME})(?!\w)", text)
    if ratio:
        (over, top), (under, bottom) = _BY_NAME[ratio[1]], _BY_NAME[ratio[2]]
        dimension = _merged(over, under, -1)
        return f"{ratio[1]}/{ratio[2]}", dimension, top / bottom, text[: ratio.start()] + text[ratio.end() :]
    for pattern in (
        rf"\bhow\s+many\s+({_NAME})(?!\w)",
        rf"\b(?:in|as|to)\s+(?:the\s+unit\s+)?({_NAME})(?=\s*[?.,;]|\s*$)",
    ):
        if found := short.search(pattern, text, re.I):
            name = _known(found[1])
            dimension, size = _BY_NAME[name]
            return name, dimension, size, text[: found.start()] + " ; " + text[found.end() :]
    if found := short.search(rf"\bhow\s+many\s+({_COUNTED})", text, re.I):
        return found[1].lower(), {_noun(found[1]): 1}, Fraction(1), text[: found.start()] + " ; " + text[found.end() :]
    for pattern, dimension in _HOW:
        if short.search(pattern, text, re.I):
            unit = _unit_of(dimension, text)
            return unit, dimension, _size_of(unit), text
    return None


def _unit_of(dimension: dict[str, int], text: str) -> str:
    """The unit in which to answer: the one that "decimals of a second" names, else the base unit."""
    if found := short.search(rf"\b(?:decimals?|tenths?)\s+of\s+an?\s+({_NAME})\b", text):
        return found[1]
    if dimension == {"length": 1, "time": -1}:
        return "km/h" if "km" in text else "m/s"
    used = [name for name in short.findall(rf"{NUMBER}\s*({_NAME})(?!\w)", text) if _BY_NAME[name][0] == dimension]
    return used[0] if used else _SHOWN[next(iter(dimension))]


def _size_of(unit: str) -> Fraction:
    over, _, under = unit.partition("/")
    return _BY_NAME[over][1] / (_BY_NAME[under][1] if under else 1)


def _quantities(text: str) -> Iterator[Quantity]:
    """Every quantity of the text, in its order of reading; rates of one thing ("a block every 12 s") first."""
    for pattern in (_EVERY, _EACH, _HOLDS):
        while found := pattern.search(text):
            dimension, size = _named(found["unit"])
            yield _quantity(found["number"], size, _merged(dimension, {_noun(found["noun"]): 1}, -1))
            if "count" in found.groupdict():
                yield _quantity(found["count"], Fraction(1), {_noun(found["noun"]): 1})
            text = text[: found.start()] + " ; " + text[found.end() :]
    for found in _QUANTITY.finditer(text):
        over, under = _ALIASES.get(found["unit"], (found["unit"], ""))
        dimension, size = _named(over)
        per = short.fullmatch(rf"({NUMBER})?\s*(.+)", found["per"] or under)
        if per:
            below, divisor = _named(per[2])
            dimension = _merged(dimension, below, -1)
            size /= divisor * Fraction(number(per[1] or "1"))
        yield _quantity(found["number"], size, dimension)


def _quantity(said: str, size: Fraction, dimension: dict[str, int]) -> Quantity:
    return Quantity(number(said), size, tuple(sorted(dimension.items())))


def _pairs(text: str) -> int:
    """How many numbers stand inside a rate ("7 litres per 100 km" is one quantity)."""
    return sum(bool(short.match(NUMBER, (found["per"] or "").strip())) for found in _QUANTITY.finditer(text))


def _named(name: str) -> tuple[dict[str, int], Fraction]:
    return _BY_NAME.get(name) or ({_noun(name): 1}, Fraction(1))


def _known(name: str) -> str:
    return name if name in _BY_NAME else name.lower() if name.lower() in _BY_NAME else name.capitalize()


def _noun(word: str) -> str:
    """The word that "boxes" and "box" share, near enough to tell what is counted."""
    lower = word.lower()
    return lower[:-2] if lower.endswith(("xes", "ches", "shes", "sses")) else lower.rstrip("s")


def _merged(one: dict[str, int], other: dict[str, int], sign: int) -> dict[str, int]:
    together = Counter(one)
    for name, power in other.items():
        together[name] += sign * power
    return {name: power for name, power in together.items() if power}


def _dimension_of(quantities: list[Quantity], signs: tuple[int, ...]) -> dict[str, int]:
    dimension: dict[str, int] = {}
    for quantity, sign in zip(quantities, signs, strict=True):
        dimension = _merged(dimension, dict(quantity.dimension), sign)
    return dimension


def _expression(quantities: list[Quantity], signs: tuple[int, ...], size: Fraction) -> str:
    """The product in Python, and the factor between its units and the one asked for."""
    over = " * ".join(q.number for q, sign in zip(quantities, signs, strict=True) if sign > 0) or "1"
    under = [q.number for q, sign in zip(quantities, signs, strict=True) if sign < 0]
    factor = 1 / size
    for quantity, sign in zip(quantities, signs, strict=True):
        factor *= quantity.size**sign
    shown = "" if factor == 1 else f" * {_factor(factor)}"
    return f"{over}{shown}" + "".join(f" / {number}" for number in under)


def _factor(size: Fraction) -> str:
    return str(size.numerator) if size.denominator == 1 else f"({size.numerator} / {size.denominator})"
