"""Word problems of a formula sheet: a rule finds its numbers and gives a sum."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from form import read_form
from saying import say
from services import run

N = r"(\d[\d.]*\d|\d)"
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
SPAN = re.compile(rf"{N} (second|minute|hour|day|week)s?\b")
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


def clock(text: str) -> str:
    """A time of the day, some hours and minutes later or earlier."""
    start, spans = re.search(r"\b(\d{1,2}):(\d\d)\b", text), SPAN.findall(text)
    if not start or not spans:
        return ""
    shift = sum(int(float(count) * SECONDS[unit]) // 60 for count, unit in spans)
    sign = "-" if re.search(r"\b(before|earlier|ago)\b", text) else "+"
    at = f"({int(start[1])} * 60 + {int(start[2])} {sign} {shift})"
    return f"'{{:02}}:{{:02}}'.format(*divmod({at} % 1440, 60))"


def spans(text: str) -> str:
    """Spans of time in another unit, or one of them so many times over."""
    wanted, found = re.search(r"\bhow many (\w+?)s\b", text, re.I), SPAN.findall(text)
    unit = wanted[1].lower() if wanted else ""
    if unit not in SECONDS or not found:
        return ""
    times = re.search(rf"\bevery {N} \w+\..* {N} \w+ (?:take|need|last)", text)
    total = " + ".join(f"{count} * {SECONDS[name]}" for count, name in found)
    return f"({total}){f' * {times[2]}' if times else ''} / {SECONDS[unit]}"


def larger(text: str) -> str:
    """The larger or the smaller of several sums."""
    asked = re.search(
        r"\bis (larger|greater|smaller|less)\b[,:]? ([\d.,/*+() or-]+)\?", text
    )
    choices = re.split(r",? or |, ", asked[2]) if asked else []
    best = "max" if asked and asked[1] in ("larger", "greater") else "min"
    return f"{best}({choices!r}, key=eval)" if len(choices) > 1 else ""


RULES: tuple[Callable[[str], str], ...] = (
    percent,
    half_life,
    mean,
    clock,
    spans,
    larger,
)


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The result of the first rule that fits."""
    form = read_form(question)
    source = next((found for rule in RULES if (found := rule(form.core))), "")
    if not source:
        return
    yield "reasoning_content", f"As a sum: {source}\n"
    shown = "x" if form.decimals is None else f"format(x, '.{form.decimals}f')"
    value, seconds = await run(f"x = {source}\nprint({shown})")
    value = value.removesuffix(".0")
    text = form.shown(value, f"{value}, which is {source}.")
    async for piece in say(text, sandbox_seconds=seconds):
        yield piece
