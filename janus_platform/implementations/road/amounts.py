"""Word problems about amounts: each rule of the sheet gives a sum as Python."""

import re
from collections.abc import AsyncIterator
from typing import Any

from calculating import worked_out
from form import read_form

N = r"\b(\d{1,12}(?:\.\d{1,9})?)"
CHANGE = re.compile(
    r"\b(rise|grow|gain|increase|go up|fall|drop|shrink|lose|decrease|go down)"
    rf"(?:s|es|n)?(?: by)? {N} ?%"
)


def percent(text: str) -> str:
    """An amount that changes by per cents, one after the other or year after year."""
    changes, start = CHANGE.findall(text), re.search(rf"{N}(?! ?%)", text)
    if not changes or not start:
        return ""
    ups = ("rise", "grow", "gain", "increase", "go up")
    by = [f"(1 {'+' if way in ups else '-'} {share} / 100)" for way, share in changes]
    after = re.search(rf"\bafter {N} (?:year|month|day)s", text)
    power = f" ** {after[1]}" if after and len(by) == 1 else ""
    return f"{start[1]} * {' * '.join(by)}{power}"


def half_life(text: str) -> str:
    """What is left of an amount after a while."""
    life, after = (
        re.search(rf"half-life of {N}", text),
        re.search(rf"after {N}", text),
    )
    amount = re.search(rf"{N} (?:[mk]?g|grams)\b", text)
    return (
        f"{amount[1]} / 2 ** ({after[1]} / {life[1]})"
        if life and after and amount
        else ""
    )


def mean(text: str) -> str:
    """A mean, or the number that is missing for one."""
    listed = re.search(
        r"\b(?:mean|average) of ([\d.]+(?:(?:, | and |, and )[\d.]+)+)", text
    )
    numbers = re.findall(N, listed[1]) if listed else []
    given = re.search(
        rf"(?:fourth|third|other|another|one more) (?:number )?is {N}", text
    )
    if given:
        return (
            f"{given[1]} * {len(numbers) + 1} - ({' + '.join(numbers)})"
            if numbers
            else ""
        )
    return f"({' + '.join(numbers)}) / {len(numbers)}" if numbers else ""


RULES = (percent, half_life, mean)


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The result of the first rule that fits."""
    form = read_form(question)
    if source := next((found for rule in RULES if (found := rule(form.core))), ""):
        async for piece in worked_out(source, form):
            yield piece
