"""Python functions from a description, where it is of a kind that can be read whole; else none.

`def name(parameters)` comes from the question. Its body is read by one of these, in turn:
- a description of numbers, words or characters (sequences.py): "returns how many numbers of the list are even";
- a list of cases: "'zing' for multiples of 5, ..., else the number as text";
- rules for each character: "moves each lower-case letter by 3 places, turns each space into '_'";
- rates by bracket, digits with weights, a time of day that is moved;
- examples: "f([3, 1]) gives [6, 2]" (synthesis.py).
There is no library of known answers: what none of them reads is left to the model, and the offline one writes no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import short
from expressions import one_variable
from reading import NUMBER, ORDINAL, Reading, number, place, spelled_numbers
from sequences import describe, with_helpers
from synthesis import find_examples, synthesise

_ASKED = short.compile(r"\bPython\s+function\b[^`(]*`?(?P<name>[A-Za-z_]\w*)\((?P<given>[\w\s,]*)\)`?", re.I)
_FORM = short.compile(
    r"\b(?:reply|respond|answer)\b[^.]*\bcode\s+block\b[^.]*\.?|\bcode\s+block\s+only\.?|\bplease\b", re.I
)
_N = rf"({NUMBER})"


@dataclass(frozen=True)
class _Task:
    """What is asked: the function's name, its parameters, and the sentences that say what it does."""

    name: str
    given: tuple[str, ...]
    text: str

    @property
    def first(self) -> str:
        return self.given[0] if self.given else "n"


@dataclass(frozen=True)
class Written:
    """A function as source, and calls with results that the question itself gives, to try it on."""

    source: str
    name: str
    examples: tuple[tuple[str, str], ...] = ()

    def check(self) -> str:
        """A program that fails where the function is wrong on an example of the question, or does not run at all."""
        tests = "".join(f"assert {call} == {result}, {call!r}\n" for call, result in self.examples)
        return f"{self.source}\n{tests}print('ok')\n"


def write_function(question: str) -> Written | None:
    """The function that `question` describes; None where its description is not read whole."""
    found = _ASKED.search(question)
    if not found:
        return None
    given = tuple(name.strip() for name in found["given"].split(",") if name.strip())
    text = " ".join(_FORM.sub(" ", question[found.end() :]).replace("−", "-").split())
    examples = tuple(find_examples(text, found["name"]))
    task = _Task(found["name"], given, text)
    for body in BODIES:
        if lines := body(task):
            return Written(_source(task, lines), found["name"], examples)
    if examples and (expression := synthesise(task.name, given, examples)):
        return Written(_source(task, f"return {expression}"), found["name"], examples)
    return None


def _source(task: _Task, lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"{with_helpers(lines)}def {task.name}({', '.join(task.given)}):\n{body}"


def _described(task: _Task) -> str | None:
    """One expression over the parameters."""
    said = short.sub(r"^\W*(?:that|which|to)\s+|\bfor\s+whole\s+numbers\b:?", " ", task.text).strip(" .")
    if len(short.findall(r"[.;](?:\s|$)", said)):
        return None
    truth = short.fullmatch(
        r"(?:returns?|tells?|says?|checks?)\s+(?:whether|if)\s+(?:a|the|an)?\s*(?:text|word|string|number|"
        + re.escape(task.first)
        + r")\s+(?:is\s+)?(.+)",
        said,
        re.I,
    )
    if truth and (found := describe(f"which numbers between 0 and 1 {truth[1]}")):
        condition = found.partition(" if ")[2].removesuffix("]")
        return f"return {short.sub(chr(92) + 'bx' + chr(92) + 'b', task.first, condition)}" if condition else None
    said = short.sub(
        r"\b(?:the\s+)?(?:first|last)\s+of\s+them\s+(?:if|where|when)\s+there\s+are\s+(?:several|more)\b", " ", said
    )
    expression = describe(said, task.given)
    return f"return {expression}" if expression else None


def _formula(task: _Task) -> str | None:
    """A formula of the one parameter: "returns 3·x² − 2·x"."""
    found = short.search(r"\breturns?\s+(?:the\s+value\s+of\s+)?(.+?)\.?\s*$", task.text, re.I)
    formula = one_variable(found[1], task.first) if found and len(task.given) == 1 else None
    return f"return {formula}" if formula else None


# What descriptions of cuts and turns add without changing them: what happens at the ends, that lengths vary.
_SLICE_FILLER = (
    "text texts string strings item character characters word turned turn left right off back comes falls "
    "come end must "
    "works any length lengths beginning starting first th last piece pieces shorter needed longer or non empty new"
).split()


def _slices(task: _Task) -> str | None:
    """A list or a text cut, turned or thinned out: pieces of so many, every third, so many places to the left."""
    reading, many = Reading(spelled_numbers(task.text)), task.first
    from_first = reading.take(r"\b(?:beginning|starting)\s+with\s+the\s+first\b")
    if found := reading.take(rf"\bevery\s+(?:({ORDINAL})|{_N}(?:st|nd|rd|th))\s+\w+"):
        step = place(found[1]) + 1 if found[1] else int(number(found[2]))
        reading.take(rf"\bthe\s+(?:{ORDINAL}|{step}th)\b")
        made = f"return {many}[{0 if from_first else step - 1}::{step}]" if step > 0 else None
    elif found := reading.take(
        rf"\b(?:cuts?|splits?|divides?|breaks?)\b[^.;]*?\binto\s+\w+\s+of\s+(?:length\s+|at\s+most\s+)?{_N}\b"
    ):
        size = number(found[1])
        made = f"return [{many}[i : i + {size}] for i in range(0, len({many}), {size})]"
    elif found := reading.take(
        r"\b(?:turn(?:s|ed)?|rotate[sd]?|shift(?:s|ed)?|moved?)\b[^.;]*?"
        rf"\b{_N}\s+(?:places?|positions?|steps?)\s+to\s+the\s+(left|right)"
    ):
        by = f"{'' if found[2].lower() == 'left' else '-'}{number(found[1])}"
        made = f"by = {by} % len({many}) if {many} else 0\nreturn {many}[by:] + {many}[:by]"
    else:
        return None
    return None if reading.unread(_SLICE_FILLER) else made


def _base(task: _Task) -> str | None:
    """The digits of a number in another base, as a list."""
    found = short.search(rf"\bdigits\s+of\b[^.;]*?\b(?:in|to)\s+base\s+{_N}\b", task.text, re.I)
    if not found or not short.search(r"\bmost\s+significant\s+(?:digit\s+)?first\b", task.text, re.I):
        return None
    many, base = task.first, number(found[1])
    divided = f"    {many}, digit = divmod({many}, {base})\n    digits.insert(0, digit)"
    return f"digits = []\nwhile {many} or not digits:\n{divided}\nreturn digits"


def _cases(task: _Task) -> str | None:
    """A text for each number from 1 to n, by what it is a multiple of; both at once come first."""
    first = task.first
    if not short.search(
        rf"\bfor\s+(?:each\s+(?:number\s+)?(?:of\s+|from\s+)?)?1\s+to\s+{re.escape(first)}\b", task.text
    ):
        return None
    reading = Reading(task.text)
    both = reading.take(
        r"['\"]([^'\"]+)['\"]\s+for\s+(?:multiples\s+of\s+both|both)|\bfor\s+multiples\s+of\s+both\s+['\"]([^'\"]+)['\"]"
    )
    cases = []
    while found := reading.take(rf"['\"]([^'\"]+)['\"]\s+for\s+(?:multiples\s+of|numbers\s+divisible\s+by)\s+{_N}"):
        cases.append((number(found[2]), found[1]))
    rest = reading.take(
        r"\b(?:else|otherwise|and\s+for\s+all\s+others?)\s+the\s+number\s+(as\s+(?:a\s+)?(?:text|string)|itself)"
    )
    if not cases or not rest:
        return None
    lines = [f"made = []\nfor x in range(1, {first} + 1):"]
    if both:
        all_of_them = " and ".join(f"x % {of} == 0" for of, _ in cases)
        lines.append(f"    if {all_of_them}:\n        made.append({(both[1] or both[2])!r})")
    for of, said in cases:
        lines.append(f"    {'if' if len(lines) == 1 else 'elif'} x % {of} == 0:\n        made.append({said!r})")
    lines.append(f"    else:\n        made.append({'str(x)' if rest[1].startswith('as') else 'x'})\nreturn made")
    return "\n".join(lines)


def _characters(task: _Task) -> str | None:
    """A text, character by character: classes moved round their alphabet, characters replaced, the rest left."""
    reading, lines = Reading(spelled_numbers(task.text)), list[str]()
    classes = (
        (r"lower[- ]?case\s+letters?|small\s+letters?", "a", "z", "a", 26),
        (r"upper[- ]?case\s+letters?|capital(?:\s+letter)?s?", "A", "Z", "A", 26),
        (r"digits?", "0", "9", "0", 10),
    )
    for names, low, high, base, size in classes:
        found = reading.take(
            rf"\b(?:each|every|all)\s+(?:{names})\b(?:\s+{low}\s+to\s+{high})?(?:\s+(?:moved|shifted))?\s+(?:by\s+)?{_N}"
            r"(?:\s+(?:places?|positions?|letters?))?(?:\s+(back(?:wards?)?|to\s+the\s+left))?"
        )
        if found:
            sign = "-" if found[2] else "+"
            moved = f"(ord(c) - {ord(base)} {sign} {number(found[1])}) % {size} + {ord(base)}"
            lines.append(f"if {low!r} <= c <= {high!r}:\n    return chr({moved})")
    both = (
        reading.take(rf"\b(?:each|every|all)\s+letters?\b\s+(?:by\s+)?{_N}(?:\s+(?:places?|positions?))")
        if not lines
        else None
    )
    if both:
        for start, low, high in ((97, "a", "z"), (65, "A", "Z")):
            moved = f"(ord(c) - {start} + {number(both[1])}) % 26 + {start}"
            lines.append(f"if {low!r} <= c <= {high!r}:\n    return chr({moved})")
    while found := reading.take(
        r"\b(?:turns?|changes?|replaces?|makes?)\s+(?:each|every|all)\s+(spaces?|vowels?|digits?|['\"].['\"])\s+(?:into|to|by|with)\s+(?:an?\s+)?['\"]([^'\"]*)['\"]"
    ):
        test = {"s": "c == ' '", "v": "c in 'aeiouAEIOU'", "d": "c.isdigit()"}.get(
            found[1][0].lower(), f"c == {found[1]}"
        )
        lines.append(f"if {test}:\n    return {found[2]!r}")
    if not lines or not short.search(r"\b(?:text|word|string|characters?|letters?)\b", task.text + task.first):
        return None
    body = "\n".join(lines).replace("\n", "\n    ")
    return f"def changed(c):\n    {body}\n    return c\nreturn ''.join(changed(c) for c in {task.first})"


def _brackets(task: _Task) -> str | None:
    """A tax by brackets: what lies above one bound, up to the next, is taxed at so many per cent."""
    text = spelled_numbers(task.text)
    free = short.search(
        rf"\bfirst\s+{_N}\s+(?:\w+\s+)?(?:are|is)\s+(?:tax[- ]?)?free\b"
        rf"|\bnothing\s+(?:is\s+)?(?:due\s+|taxed\s+)?(?:up\s+to|below)\s+{_N}",
        text,
        re.I,
    )
    steps = short.findall(
        rf"\b(?:above|over|beyond)(?:\s+(?:that|it|this))?(?:\s*,?\s*(?:and\s+)?{_N})?"
        rf"(?:\s*,?\s*(?:and\s+)?up\s+to\s+{_N})?[^.;%]*?\bat\s+{_N}\s*(?:%|per\s*cent)",
        text,
        re.I,
    )
    if not free or not steps:
        return None
    low, parts = number(free[1] or free[2]), []
    for begin, end, rate in steps:
        low = number(begin) if begin else low
        top = f"min({task.first}, {number(end)})" if end else task.first
        parts.append(f"max(0, {top} - {low}) * {number(rate)}")
        low = number(end) if end else low
    down = short.search(r"\b(?:rounded\s+down|whole\s+units)\b", text, re.I)
    return f"hundredths = {' + '.join(parts)}\nreturn hundredths {'//' if down else '/'} 100"


def _weighted_digits(task: _Task) -> str | None:
    """A checksum: digits times weights that repeat, added up, modulo something."""
    found = short.search(
        rf"\bdigits\s+of\b[^.;]*?(?P<from>from\s+right\s+to\s+left|from\s+left\s+to\s+right)?,?\s+by\s+(?P<weights>{NUMBER}(?:\s*,\s*(?:and\s+)?{NUMBER})+)",
        task.text,
        re.I,
    )
    modulo = short.search(
        rf"\b(?:modulo|mod|remainder\s+(?:after|of)\s+(?:a\s+)?division\s+by)\s+{_N}", task.text, re.I
    )
    if not found or not short.search(r"\bsum\b|\badds?\b", task.text, re.I):
        return None
    weights = [number(said) for said in short.findall(NUMBER, found["weights"])]
    period = next(
        (n for n in range(1, len(weights) + 1) if all(weights[k] == weights[k % n] for k in range(len(weights)))),
        len(weights),
    )
    order = "reversed(str({}))" if "right to left" in task.text.lower() else "str({})"
    total = f"sum(int(digit) * weights[place % {period}] for place, digit in enumerate({order.format(task.first)}))"
    return f"weights = [{', '.join(weights[:period])}]\nreturn {total}{f' % {number(modulo[1])}' if modulo else ''}"


def _moved_time(task: _Task) -> str | None:
    """A time of day, some hours and minutes later or earlier, written in a form that is shown."""
    text = spelled_numbers(task.text)
    taken = short.search(r"['\"`]HH(.)MM['\"`]", text)
    span = short.search(
        rf"{_N}\s+hours?(?:\s+and\s+{_N}\s+minutes?)?\s+(later|earlier|before|after)"
        rf"|{_N}\s+minutes?\s+(later|earlier|before|after)",
        text,
        re.I,
    )
    if not taken or not span:
        return None
    shown = short.findall(r"['\"`]([^'\"`]*HH[^'\"`]*MM[^'\"`]*)['\"`]", text)[-1]
    minutes = int(number(span[1] or "0")) * 60 + int(number(span[2] or span[4] or "0"))
    sign = "-" if (span[3] or span[5]).lower() in ("earlier", "before") else "+"
    before, between, after = short.fullmatch(r"(.*)HH(.*)MM(.*)", shown).groups()  # type: ignore[union-attr]
    made = f"{before!r} + '%02d' % (total // 60) + {between!r} + '%02d' % (total % 60) + {after!r}"
    total = f"(int(hours) * 60 + int(minutes) {sign} {minutes}) % 1440"
    return f"hours, minutes = {task.first}.split({taken[1]!r})\ntotal = {total}\nreturn {made}"


BODIES: tuple[Callable[[_Task], str | None], ...] = (
    _cases,
    _characters,
    _brackets,
    _weighted_digits,
    _moved_time,
    _formula,
    _slices,
    _base,
    _described,
)
