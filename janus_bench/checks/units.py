"""Quantities as people write them, and the units that the bench converts between.

A unit has a dimension and a factor to that dimension's base unit. Data sizes follow IEC 80000-13: kB is 1,000 bytes,
KiB is 1,024. Names are matched with their case where case decides (Mb and MB, mm and Mm), else without.
"""

from __future__ import annotations

import re

from janus_bench.checks import normalise

_FAMILIES: dict[str, dict[str, float]] = {
    "length": {"m": 1, "km": 1e3, "cm": 1e-2, "mm": 1e-3, "mi": 1609.344, "ft": 0.3048, "in": 0.0254},
    "mass": {"kg": 1, "g": 1e-3, "mg": 1e-6, "t": 1e3, "lb": 0.45359237},
    "time": {"s": 1, "ms": 1e-3, "µs": 1e-6, "min": 60, "h": 3600, "days": 86400, "weeks": 604800},
    "speed": {"m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704},
    "area": {"m²": 1, "cm²": 1e-4, "km²": 1e6, "ha": 1e4},
    "volume": {"l": 1, "ml": 1e-3, "m³": 1e3, "cm³": 1e-3},
    "energy": {"J": 1, "kJ": 1e3, "kWh": 3.6e6, "Wh": 3600},
    "power": {"W": 1, "kW": 1e3, "MW": 1e6},
    "data": {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "bits": 0.125},
    "data rate": {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9},
    "frequency": {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "angle": {"degrees": 1, "radians": 57.29577951308232},
    "money": {"USD": 1},
    "share": {"%": 1},
}
UNITS: dict[str, tuple[str, float]] = {
    name: (dimension, factor) for dimension, members in _FAMILIES.items() for name, factor in members.items()
}
_SPELLINGS: dict[str, str] = {
    "metre": "m", "meter": "m", "kilometre": "km", "kilometer": "km", "centimetre": "cm", "centimeter": "cm",
    "millimetre": "mm", "millimeter": "mm", "mile": "mi", "foot": "ft", "feet": "ft", "inch": "in", "inches": "in",
    "kilogram": "kg", "gram": "g", "milligram": "mg", "tonne": "t", "pound": "lb", "second": "s", "sec": "s",
    "millisecond": "ms", "microsecond": "µs", "us": "µs", "minute": "min", "hour": "h", "hr": "h", "day": "days",
    "week": "weeks", "kmh": "km/h", "km/hr": "km/h", "kph": "km/h", "litre": "l", "liter": "l", "millilitre": "ml",
    "milliliter": "ml", "m2": "m²", "cm2": "cm²", "km2": "km²", "hectare": "ha", "m3": "m³", "cm3": "cm³",
    "joule": "J", "kilojoule": "kJ", "watt": "W", "kilowatt": "kW", "byte": "bytes", "bit": "bits",
    "kilobyte": "kB", "megabyte": "MB", "gigabyte": "GB", "bps": "bit/s", "kbps": "kbit/s", "mbps": "Mbit/s",
    "gbps": "Gbit/s", "hertz": "Hz", "degree": "degrees", "°": "degrees", "deg": "degrees", "radian": "radians",
    "rad": "radians", "dollar": "USD", "us dollar": "USD", "$": "USD", "percent": "%", "per cent": "%",
    "square metre": "m²", "square meter": "m²", "square centimetre": "cm²", "square centimeter": "cm²",
    "cubic metre": "m³", "cubic meter": "m³", "kilowatt hour": "kWh", "kilowatt-hour": "kWh",
}  # fmt: skip
_EXACT = dict.fromkeys(UNITS)
_LOWER: dict[str, str] = {}
for _name in UNITS:
    if sum(other.lower() == _name.lower() for other in UNITS) == 1:
        _LOWER[_name.lower()] = _name
for _word, _name in _SPELLINGS.items():
    _LOWER[_word] = _name
    _LOWER.setdefault(f"{_word}s", _name)
_NUMBER = r"[-−]?(?:\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.\d{1,40})?(?:[eE][-+]?\d{1,3})?"
_NAMES = sorted({*_EXACT, *_LOWER}, key=len, reverse=True)
_UNIT = "|".join(re.escape(name) for name in _NAMES)
_AFTER = re.compile(rf"(?<![\w.,])({_NUMBER})[ \t\u00a0\u202f]{{0,2}}-?({_UNIT})(?![\w/²³])", re.IGNORECASE)
_DOLLARS = re.compile(rf"\$[ \t]?({_NUMBER})(?![\w,])")


def read_quantities(text: str) -> list[tuple[float, str]]:
    """The quantities of a text in order, as (number, name in UNITS). A number with no known unit is left out."""
    text = text[: normalise.MAX_ANSWER_CHARS]
    quantities = [(match.start(), _number(match[1]), _named(match[2])) for match in _AFTER.finditer(text)]
    quantities += [(match.start(), _number(match[1]), "USD") for match in _DOLLARS.finditer(text)]
    return [(number, unit) for _, number, unit in sorted(quantities, key=lambda one: one[0]) if unit]


def _named(written: str) -> str:
    return written if written in _EXACT else _LOWER.get(written.lower(), "")


def _number(written: str) -> float:
    return float(written.replace(",", "").replace("−", "-"))
