"""Fill an item in: what the seed draws, what follows from it, and where both go.

`variants` is a list of tables of which the seed chooses one. `draw` gives names a range, `{ from = 2, to = 9 }`, or a
choice, `{ one_of = ["red", "blue"] }`. `let` works further values out of these, in order (see expressions.py). All of
them replace `{name}` in prompt, messages, pictures, tools and checks.
"""

from __future__ import annotations

import json
import random
from typing import Any

from janus_bench.suites.expressions import evaluate

Raw = dict[str, Any]
FILLED = ("prompt", "messages", "pictures", "tools", "checks")
_RANGE, _CHOICE = {"from", "to", "step"}, {"one_of"}


def values_for(raw: Raw, seed: int, repeat: int = 0) -> dict[str, Any]:
    """The values that `seed` gives to an item's names, others for each repeat. Raises ValueError naming the field."""
    chance = random.Random(f"{seed}:{raw['id']}" + (f":{repeat}" if repeat else ""))
    values: dict[str, Any] = dict(chance.choice(raw.get("variants") or [{}]))
    for name, what in raw.get("draw", {}).items():
        values[name] = _drawn(name, what, chance)
    return values | worked_out(raw, values)


def worked_out(raw: Raw, values: dict[str, Any]) -> dict[str, Any]:
    """What `let` makes of the values. Raises ValueError naming the field."""
    known = dict(values)
    for name, expression in raw.get("let", {}).items():
        if not isinstance(expression, str):
            raise ValueError(f"let.{name}: must be an expression in quotes")
        try:
            known[name] = evaluate(expression, known)
        except ValueError as error:
            raise ValueError(f"let.{name}: {error}") from None
    return {name: known[name] for name in raw.get("let", {})}


def filled(raw: Raw, values: dict[str, Any]) -> Raw:
    """Prompt, messages, pictures, tools and checks with the values in their places."""
    return {name: fill(raw[name], values) for name in FILLED if name in raw}


def fill(value: Any, values: dict[str, Any]) -> Any:
    """`value` with `{name}` replaced everywhere; a text that is nothing but one name takes the value's own type."""
    if isinstance(value, dict):
        return {name: fill(entry, values) for name, entry in value.items()}
    if isinstance(value, list):
        return [fill(entry, values) for entry in value]
    if not isinstance(value, str):
        return value
    for name, replacement in values.items():
        if value == f"{{{name}}}":
            return replacement
        value = value.replace(f"{{{name}}}", str(replacement))
    return value


def is_seeded(raw: Raw) -> bool:
    """Whether the seed decides what the right answer is, so that an answer learned by heart fails."""
    names = {name for values in raw.get("variants", []) for name in values} | set(raw.get("draw", {}))
    names |= set(raw.get("let", {}))
    written = json.dumps(raw.get("checks", []), ensure_ascii=False)
    return any(f"{{{name}}}" in written for name in names)


def _drawn(name: str, what: Any, chance: random.Random) -> Any:
    if isinstance(what, dict) and what.keys() == _CHOICE and isinstance(what["one_of"], list) and what["one_of"]:
        return chance.choice(what["one_of"])
    if isinstance(what, dict) and {"from", "to"} <= what.keys() <= _RANGE:
        ends = (what["from"], what["to"], what.get("step", 1))
        if all(type(end) is int for end in ends) and ends[0] <= ends[1] and ends[2] > 0:
            return chance.randrange(ends[0], ends[1] + 1, ends[2])
    raise ValueError(f"draw.{name}: must be {{ from, to }} in whole numbers, or {{ one_of = [...] }}")
