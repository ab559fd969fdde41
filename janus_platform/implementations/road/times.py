"""Word problems about time: a clock some time later, spans in another unit."""

import re
from collections.abc import AsyncIterator
from typing import Any

from calculating import worked_out
from form import read_form

N = r"\b(\d{1,12}(?:\.\d{1,9})?)"
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
SPAN = re.compile(rf"{N} (second|minute|hour|day|week)s?\b")


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
    times = re.search(rf"\bevery {N} \w+\..{{0,60}} {N} \w+ (?:take|need|last)", text)
    total = " + ".join(f"{count} * {SECONDS[name]}" for count, name in found)
    return f"({total}){f' * {times[2]}' if times else ''} / {SECONDS[unit]}"


RULES = (clock, spans)


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The result of the first rule that fits."""
    form = read_form(question)
    if source := next((found for rule in RULES if (found := rule(form.core))), ""):
        async for piece in worked_out(source, form):
            yield piece
