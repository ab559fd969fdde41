"""Ways to answer without knowing: each takes the suite as asked and answers one of its items.

They know as much as a cheat can: the kind of each item, every word that any right answer of the run holds, and, where
they learned by heart, all right answers of other seeds.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from janus_bench.checks import registry as evaluators
from janus_bench.suites.model import Item, Suite
from tests.bench.answers import artifact, right_answer
from tests.bench.lab import Said

Cheat = Callable[[Item], Said]
REFUSAL = "I am sorry, I cannot answer that: there is no information about it in the sources that I have."
FILLER = "I went through it once more, step by step, and as far as I can see it is so. "
ADMISSION = "The sources do not cover this."


def right(item: Item) -> Said:
    """All that the checks want."""
    text, calls, pictures = right_answer(item)
    return Said(text, calls=[called(call) for call in calls], artifacts=pictures)


def called(call: dict[str, Any]) -> dict[str, str]:
    """A tool call as an answer holds it."""
    return {name: str(value) for name, value in call["function"].items()}


def always(text: str, **more: Any) -> Cheat:
    """The same to everything."""
    return lambda item: Said(text, **more)


def terms_of(items: Sequence[Item]) -> tuple[list[str], list[str]]:
    """Every word that an answer needs, and every address."""
    terms: list[str] = []
    places: list[str] = []
    for item in items:
        for check in item.checks:
            match check:
                case evaluators.Facts():
                    terms += [group[0].rstrip("*") for group in check.require]
                case evaluators.Exact():
                    terms += check.answers
                case evaluators.Number() | evaluators.Quantity():
                    terms.append(f"{check.value:g}")
                case evaluators.Sources():
                    places += check.any_of
                case evaluators.Citation():
                    places += check.pages
                    terms += [
                        fact if isinstance(fact, str) else fact[0] for facts in check.pages.values() for fact in facts
                    ]
    return list(dict.fromkeys(terms)), list(dict.fromkeys(places))  # fmt: skip


def salad(items: Sequence[Item], *, prose: bool = False, of_category: bool = False, most: int = 10_000) -> Cheat:
    """Every word that any answer needs, as a list or dressed as prose, of the whole suite or of the item's category."""

    @functools.cache
    def told(category: str) -> str:
        near = [item for item in items if not category or item.category == category]
        terms, places = terms_of(near)
        joined = " and that it is known to be ".join(terms[:most]) if prose else " ".join(terms[:most])
        return f"It is known that {joined}.\n\nSources:\n" + "\n".join(f"- https://{place}" for place in places[:4])

    return lambda item: Said(told(item.category if of_category else ""))


def every_source(items: Sequence[Item], most: int) -> Cheat:
    """The question again, and the addresses that are right most often."""
    places = terms_of(items)[1]
    hosts = list(dict.fromkeys(place.partition("/")[0] for place in places))
    listed = "\n".join(f"- https://{host}/" for host in hosts[:most])
    return lambda item: Said(f"{item.prompt}\n\nSources:\n{listed}")


def shuffled(items: Sequence[Item]) -> Cheat:
    """Right answers, each to another question of its category."""
    other: dict[str, Said] = {}
    for category in {item.category for item in items}:
        near = [item for item in items if item.category == category]
        other |= {one.id: right(two) for one, two in zip(near, [*near[1:], near[0]], strict=True)}
    return lambda item: other[item.id]


def learned(suite: Suite, seeds: Sequence[int]) -> Cheat:
    """The right answer of the same item as other seeds asked it, word for word where the question is the same."""
    exact: dict[str, Said] = {}
    by_id: dict[str, Said] = {}
    for seed in seeds:
        for item in suite.items(seed):
            exact[json.dumps(item.messages)] = by_id[item.id] = right(item)
    return lambda item: exact.get(json.dumps(item.messages)) or by_id.get(item.id) or Said(ADMISSION)


def numbers_in(text: str) -> list[float]:
    """The numbers of a question."""
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def number(choose: Callable[[list[float]], float]) -> Cheat:
    """A number made of those in the question."""

    def answer(item: Item) -> Said:
        found = numbers_in(item.prompt)
        return Said(f"Answer: {choose(found):g}" if found else ADMISSION)

    return answer


def many_numbers(item: Item) -> Said:
    """An answer and a thousand others."""
    return Said("Answer: " + " ".join(map(str, range(1000))))


def copied(item: Item) -> Said:
    """The options, names and words of the question, all of them."""
    return Said(", ".join(dict.fromkeys(re.findall(r"\w+", item.prompt))))


def fake_calls(item: Item) -> Said:
    """Each tool once, its arguments filled with the question's own words."""
    words = re.findall(r"[A-Z]\w+|\d+", item.prompt) or ["x"]
    calls = []
    for tool in item.tools:
        wanted = tool["function"].get("parameters", {}).get("properties", {})
        filled = {
            name: _filled(schema, words[min(place, len(words) - 1)])
            for place, (name, schema) in enumerate(wanted.items())
        }
        calls.append({"name": tool["function"]["name"], "arguments": json.dumps(filled)})
    return Said("" if calls else ADMISSION, calls=calls)


def _filled(schema: dict[str, Any], word: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    return (int(word) if word.isdigit() else 1) if schema.get("type") in ("integer", "number") else word


def stub(body: str) -> Cheat:
    """A function of the name that the question asks for, with this body."""

    def answer(item: Item) -> Said:
        named = re.search(r"`(\w+)\(", item.prompt)
        code = f"```python\ndef {named[1]}(*given):\n    {body}\n```" if named else "0"
        return Said(code, artifacts=[artifact()])

    return answer


def only_thought(item: Item) -> Said:
    """The right answer, in the reasoning alone."""
    return Said("", reasoning=right(item).text or "nothing")


def blanks(item: Item) -> Said:
    """Two hundred pieces of white space around an admission."""
    return Said(" " * 100 + ADMISSION + " \n" * 100, pieces=lambda text: list(text))


def guessed(items: Sequence[Item], seed: int) -> Cheat:
    """A right answer of another item with the same kinds of checks, drawn anew for each."""
    draw = random.Random(seed)

    def answer(item: Item) -> Said:
        kinds = [check.kind for check in item.checks]
        near = [one for one in items if one.id != item.id and [check.kind for check in one.checks] == kinds]
        return right(draw.choice(near)) if near else Said(ADMISSION)

    return answer


def cheats(suite: Suite, seed: int) -> dict[str, Cheat]:
    """All of them by name, for `suite` as `seed` asks it."""
    items = suite.items(seed)
    return {
        "echo": lambda item: Said(item.prompt),
        "echo and filler": lambda item: Said(f"{item.prompt}\n{FILLER * 5}"),
        "admission": always(ADMISSION),
        "refusal": always(REFUSAL),
        "refusal and picture": always(REFUSAL, artifacts=[artifact()]),
        "filler": always(f"{ADMISSION} {FILLER * 20}"),
        "yes": always("Yes."),
        "A": always("Answer: A"),
        "0": always("Answer: 0"),
        "1": always("Answer: 1"),
        "42": always("Answer: 42", artifacts=[artifact()]),
        "nothing": always(""),
        "words": salad(items),
        "words of the category": salad(items, of_category=True),
        "words as prose": salad(items, prose=True),
        "few words as prose": salad(items, prose=True, of_category=True, most=14),
        "four sources": every_source(items, 4),
        "every source": every_source(items, 100),
        "shuffled": shuffled(items),
        "guessed": guessed(items, seed),
        "first number": number(lambda found: found[0]),
        "last number": number(lambda found: found[-1]),
        "sum of the numbers": number(sum),
        "largest number": number(max),
        "a thousand numbers": many_numbers,
        "copied": copied,
        "fake calls": fake_calls,
        "code that returns 0": stub("return 0"),
        "code that returns its argument": stub("return given[0]"),
        "code that returns true": stub("return True"),
        "thought only": only_thought,
        "blanks": blanks,
        "learned from another seed": learned(suite, [seed + 1000]),
    }
