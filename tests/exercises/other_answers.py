"""Answers that are right and look otherwise than an exercise's own solution: a check must not refuse them."""

from __future__ import annotations

_TOOL = """about = "Converts an amount of money from one currency to another"
properties = {{
    "amount": {{"type": "number", "description": "How much money"}},
    "{first}": {{"type": "string", "description": "ISO 4217 code of the currency to convert from"}},
    "{second}": {{"type": "string", "description": "ISO 4217 code of the currency to convert to"}},
}}"""

OTHER_ANSWERS: dict[str, list[str]] = {
    "inference.describe_a_tool": [
        _TOOL.format(first=first, second=second)
        for first, second in (
            ("from", "to"),
            ("source", "target"),
            ("base", "quote"),
            ("currency_from", "currency_to"),
            ("source_currency", "target_currency"),
        )
    ],
}
