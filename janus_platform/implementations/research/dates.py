"""Dates: written in another form, their weekday, and the days between two of them."""

from __future__ import annotations

import re
from datetime import date

import short

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH = "|".join([*_MONTHS, *(month[:3] for month in _MONTHS)])
_WRITTEN = (
    short.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b"),
    short.compile(r"\b(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})\b"),
    short.compile(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<name>{_MONTH})\.?,?\s+(?P<year>\d{{4}})\b", re.I
    ),
    short.compile(rf"\b(?P<name>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.I),
)
_FORM = short.compile(
    r"\b(?:as|to|in(?:to)?|format|form)\b[^.]*?\b((?:YYYY|YY|MM|DD|M|D)(?:[-/. ]?(?:YYYY|YY|MM|DD|M|D))+)\b"
)


def dated(question: str) -> str | None:
    """The date or the number of days that is asked for; None where it is neither."""
    dates = find_dates(question)
    if len(dates) == 1 and (form := _FORM.search(question)):
        return _written(dates[0], form[1])
    if len(dates) == 2 and short.search(r"\bhow\s+many\s+days\b", question, re.I):
        return str(abs((dates[1] - dates[0]).days))
    if len(dates) == 1 and short.search(r"\b(?:which|what)\s+(?:weekday|day\s+of\s+the\s+week)\b", question, re.I):
        return _DAYS[dates[0].weekday()].capitalize()
    return None


def find_dates(text: str) -> list[date]:
    """The dates that stand in `text`, in their order; what is no day of the calendar is left out."""
    return [day for _, day in _found(text)]


def without_dates(text: str) -> str:
    """The text with its dates taken out."""
    for match, _ in reversed(_found(text)):
        text = f"{text[: match.start()]} ; {text[match.end() :]}"
    return text


def _found(text: str) -> list[tuple[re.Match[str], date]]:
    found: dict[int, tuple[re.Match[str], date]] = {}
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = (
                int(parts["month"])
                if parts.get("month")
                else [m[:3] for m in _MONTHS].index(parts["name"][:3].lower()) + 1
            )
            try:
                found.setdefault(match.start(), (match, date(int(parts["year"]), month, int(parts["day"]))))
            except ValueError:
                continue
    return [found[position] for position in sorted(found)]


def _written(day: date, form: str) -> str:
    values = {"YYYY": f"{day.year:04}", "YY": f"{day.year % 100:02}", "MM": f"{day.month:02}", "DD": f"{day.day:02}"}
    values |= {"M": str(day.month), "D": str(day.day)}
    return short.sub(r"YYYY|YY|MM|DD|M|D", lambda part: values[part[0]], form)
