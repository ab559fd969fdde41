"""Answers that are right and look otherwise than an exercise's own solution: a check must not refuse them."""

from __future__ import annotations

from tests.exercises.practice_answers import PRACTICE_ANSWERS

_TOOL = """about = "Converts an amount of money from one currency to another"
properties = {{
    "amount": {{"type": "number", "description": "How much money"}},
    "{first}": {{"type": "string", "description": "ISO 4217 code of the currency to convert from"}},
    "{second}": {{"type": "string", "description": "ISO 4217 code of the currency to convert to"}},
}}"""

OTHER_ANSWERS: dict[str, list[str]] = {
    **PRACTICE_ANSWERS,
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
    "token_costs.phases": [
        "import numpy\n\n\ndef phases(times):\n    gaps = numpy.diff(times)\n"
        "    return [times[0] * 1e3, float(numpy.median(gaps)) * 1e3 if len(gaps) else 0.0]",
        "def phases(times):\n    first, gaps = times[0], sorted(b - a for a, b in zip(times, times[1:]))\n"
        "    half = len(gaps) // 2\n    middle = (gaps[half] + gaps[~half]) / 2 if gaps else 0\n"
        "    return first * 1000, middle * 1000",
    ],
    "token_costs.seconds_for": [
        "def seconds_for(prompt, answer, prefill, decode):\n    first = prompt / prefill\n"
        "    return sum([1 / decode] * (answer - 1), first)",
    ],
    "prefix_cache.arranged": [
        "def arranged(rules, date, question):\n"
        "    return [{'role': 'user', 'content': f'{rules}\\n\\n{date}\\n\\n{question}\\n'}]",
        "def arranged(rules, date, question):\n    texts = [('system', rules), ('system', date), ('user', question)]\n"
        "    return [dict(role=role, content=text) for role, text in texts]",
        "def arranged(rules, date, question):\n    return [{'role': 'system', 'content': rules}, "
        "{'role': 'user', 'content': 'It is ' + date + '. ' + question}]",
    ],
    "prefix_cache.cost": [
        "def cost(usage, prompt_price, cached_price, answer_price):\n"
        "    hit = usage['prompt_tokens_details']['cached_tokens']\n"
        "    saved = hit * (prompt_price - cached_price)\n"
        "    return (usage['prompt_tokens'] * prompt_price - saved + usage['completion_tokens'] * answer_price) * 1e-6",
    ],
}
