"""Texts and lists that the question brings along, changed as it says: sorted, reversed, counted, cut, spelled.

The question is an operand ("the word *harbour*", what stands between quotes or behind a colon) and operations on it,
carried out one after the other. Where a word of the instruction is not understood, nothing is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import short
from reading import NUMBER, ORDINAL, Reading, place, spelled_numbers
from separators import take_bullet, take_separator

MOST_CHARACTERS = 20_000
_QUOTED = short.compile(r"[\"“„]([^\"”“]+)[\"”“]|(?<!\w)['‘`]([^'’`]+)['’`](?!\w)")
_NAMED = short.compile(
    r"\b(?:the|this|a)\s+(?:made-up\s+)?(?:word|name|text|code|string|term)\s+(?:is\s+)?(?!in\b|of\b|with\b|from\b|backwards\b|only\b|and\b)([\w-]+)",
    re.I,
)
_MEMBERS = r"([\w'’.-]+(?:\s*,\s*[\w'’.-]+)*(?:\s*,\s*[\w'’.-]+|,?\s+and\s+[\w'’.-]+))"
_LIST = short.compile(
    rf"\b(?:(?:the|these)\s+(?:\w+\s+)?(?:words|names|numbers|items|values|cells|letters)|of)\s+{_MEMBERS}", re.I
)
_IS = short.compile(r"^\s*(?:the|my|this)\s+(?:word|name|text|code|string|term|number)\s+is\s+([^\s.,]+)[.,]", re.I)
_FORM_ONLY = (
    "reply respond write put answer give turn change convert made up word words letter letters text following "
    "backwards only nothing else single line order with separated joined form without leave remains remain what "
    "result sentence occur occurs appear appears times time be made name names code numbers after before of else "
    "itself same exactly capital no spaces space between these this following them out mail address extract first "
    "spell characters character".split()
)


@dataclass
class _Work:
    """What is changed: a text, or a list of texts; `joint` stands between the members in the end."""

    text: str
    items: list[str] | None
    joint: str

    def each(self, change: Callable[[str], str]) -> None:
        """Change the text, or every member."""
        self.text = change(self.text)
        self.items = None if self.items is None else [change(item) for item in self.items]

    def members(self) -> list[str]:
        """The members: of a list its items, of several words the words, of one word its letters."""
        return self.items if self.items is not None else self.text.split() if " " in self.text else list(self.text)


def rewritten(question: str, wishes: str = "") -> str | None:
    """The operand of `question` after its operations; None where one of them is not understood.

    `wishes` are the sentences of the question that speak of the answer's form: where they come last, they are no part
    of the operand.
    """
    if len(question) > MOST_CHARACTERS:
        return None
    asked = question.strip()
    behind = bool(wishes) and asked.endswith(wishes) and asked != wishes
    found = _operand(asked.removesuffix(wishes).strip() if behind else asked) or _operand(asked)
    if not found:
        return None
    instruction, operand = found
    reading = Reading(
        spelled_numbers(f"{instruction} ; {wishes}" if behind and wishes not in instruction else instruction)
    )
    separator = take_separator(reading)
    bullet = take_bullet(reading)
    if bullet:
        separator = "\n"
    items = _items(operand)
    work = _Work(operand, items, separator if separator is not None else ", " if items and "," in operand else " ")
    done = _counted(reading, work) or _picked(reading, work) or _extracted(reading, work)
    if done is None:
        changed = [change(reading, work) for change in (_filtered, _ordered, _repeated, _cased)]
        if not any(changed) and separator is None:
            return None
        if bullet:
            work.items = [
                f"{f'{n}.' if bullet == '1.' else bullet} {member}" for n, member in enumerate(work.members(), 1)
            ]
        done = _joined(work, separator)
    return None if reading.unread(_FORM_ONLY) else done


def _operand(question: str) -> tuple[str, str] | None:
    """The instruction without the operand, and the operand."""
    head, colon, tail = question.partition(":")
    if quoted := _QUOTED.search(question):
        text = quoted[1] or quoted[2]
        if len(text) > 1:
            return question[: quoted.start()] + " ; " + question[quoted.end() :], text
    if colon and len(head.split()) > 1 and (text := tail.strip().rstrip("?")) and "?" not in text:
        return head, text if "\n" in text or not text.endswith(".") else text[:-1]
    if known := _IS.search(question):
        return " ; " + question[known.end() :], known[1]
    if listed := _LIST.search(question):
        return question[: listed.start()] + " ; " + question[listed.end() :], listed[1]
    if named := _NAMED.search(question):
        return question[: named.start()] + " ; " + question[named.end() :], named[1].rstrip(".")
    return None


def _items(operand: str) -> list[str] | None:
    """The members of a list; None for a text."""
    for cut in (r"\n+", r"\s*;\s*", r"\s*,\s*(?:and\s+)?|\s+and\s+"):
        parts = [part.strip() for part in short.split(cut, operand) if part.strip()]
        if "and" in cut and "," not in operand and len(operand.split()) > 3:
            return None  # a sentence with an "and"
        if len(parts) > 1 and all(len(part.split()) <= 4 for part in parts):
            return parts
    return None


def _counted(reading: Reading, work: _Work) -> str | None:
    """A count: of words, letters, vowels, or of how often one letter occurs."""
    if not reading.take(r"\bhow\s+(?:many|often)\b|\bcount\b|\bnumber\s+of\b"):
        return None
    text = work.text
    one = reading.take(r"\b(?:times\s+)?(?:does\s+|do\s+)?(?:the\s+)?(?:letter|character)\s+['\"`]?(\w)['\"`]?(?!\w)")
    if one:
        return str(text.lower().count(one[1].lower()))
    for names, count in (
        (r"words", len(text.split())),
        (r"vowels", len(short.findall(r"[aeiou]", text, re.I))),
        (r"consonants", len(short.findall(r"[b-df-hj-np-tv-z]", text, re.I))),
        (r"digits", len(short.findall(r"\d", text))),
        (r"letters", len(short.findall(r"[^\W\d_]", text))),
        (r"characters", len(text)),
        (r"sentences", len(short.findall(r"[.!?](?:\s|$)", text)) or 1),
        (r"items|names|entries|numbers", len(work.members())),
    ):
        if reading.take(rf"\b(?:{names})\b"):
            return str(count)
    return None


def _picked(reading: Reading, work: _Work) -> str | None:
    """One member: the longest, the third word, the last letter."""
    members = work.members() if work.items is not None else work.text.split()
    if reading.take(r"\blongest\b|\bhas\s+the\s+most\s+letters\b"):
        return max(members, key=len)
    if reading.take(r"\bshortest\b|\bhas\s+the\s+fewest\s+letters\b"):
        return min(members, key=len)
    if short.search(r"\b(?:exchange|interchange|swap|switch|leave|left|remove|drop|omit|except)", reading.rest, re.I):
        return None
    found = reading.take(rf"\b({ORDINAL})\s+(word|letter|character|item|name|number|digit)\b")
    if not found:
        return None
    kind = found[2].lower()
    parts = (
        list(work.text)
        if kind in ("letter", "character", "digit")
        else work.text.split()
        if kind == "word"
        else members
    )
    index = place(found[1])
    return parts[index].strip(".,;") if -len(parts) <= index < len(parts) else None


def _extracted(reading: Reading, work: _Work) -> str | None:
    """A thing of a plain shape that stands in the text: an address, a number, a date."""
    if not reading.take(r"\b(?:extract|find|pick\s+out|pull\s+out)\b"):
        return None
    for names, shape in (
        (r"e-?mail(?:\s+address(?:es)?)?", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        (r"urls?|links?|web\s+address(?:es)?", r"https?://[^\s,;)]+"),
        (r"dates?", r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}\s+[A-Z][a-z]+\s+\d{4}"),
        (r"phone\s+numbers?", r"\+?\d[\d\s/-]{5,}\d"),
        (r"numbers?", NUMBER),
    ):
        if reading.take(rf"\b(?:{names})\b"):
            found = [text.rstrip(".") for text in short.findall(shape, work.text)]
            return work.joint.join(found) if found else None
    return None


def _filtered(reading: Reading, work: _Work) -> bool:
    """Letters or words taken out or replaced."""
    changed = False
    while found := reading.take(
        r"\breplac(?:e|ing)\s+(?:each|every|all)?\s*(?:letters?\s+|spaces?\b)?['\"`]?(\w)?['\"`]?\s*(?:by|with)\s+(?:an?\s+)?['\"`]?([^\s'\"`.,]+)['\"`]?"
    ):
        old, new = found[1] or " ", found[2]
        work.each(lambda text, old=old, new=new: text.replace(old, new))  # type: ignore[misc]
        changed = True
    removed = reading.take(
        r"\b(?:remove|delete|drop|strip|omit|leave\s+out|take\s+out|without)\s+(?:all\s+|every\s+|any\s+)?(?:the\s+)?(vowels|consonants|digits|spaces|punctuation|letters?\s+\w(?!\w))(?:\s+(?:from|of|in|out))?"
    )
    if removed:
        classes = {
            "vowels": "[aeiouAEIOU]",
            "consonants": "(?i)[b-df-hj-np-tv-z]",
            "digits": r"\d",
            "spaces": r"\s",
            "punctuation": r"[^\w\s]",
        }
        pattern = classes.get(removed[1].lower()) or f"(?i){re.escape(removed[1][-1])}"
        work.each(lambda text: short.sub(pattern, "", text))
        changed = True
    left_out = reading.take(
        rf"\b(?:the\s+)?({ORDINAL})\s+word\s+(?:is\s+|being\s+)?(?:left\s+out|removed|omitted|dropped)|\b(?:without|leave\s+out|omit)\s+the\s+({ORDINAL})\s+word"
    )
    if left_out:
        words, index = work.text.split(), place(left_out[1] or left_out[2])
        if -len(words) <= index < len(words):
            words.pop(index)
        work.text, work.items, changed = " ".join(words), None, True
    return changed


def _ordered(reading: Reading, work: _Work) -> bool:
    """Sorted, or turned round."""
    backwards = bool(
        reading.take(
            r"\b(?:descending|falling|decreasing|from\s+(?:large|high|big)\w*\s+to\s+(?:small|low)\w*)(?:\s+order)?\b|\breverse(?=\s+alphabetic)"
        )
    )
    rising = bool(
        reading.take(
            r"\b(?:ascending|rising|increasing|from\s+(?:small|low)\w*\s+to\s+(?:large|high|big)\w*)(?:\s+order)?\b"
        )
    )
    by_length = bool(reading.take(r"\bby\s+(?:their\s+)?length\b"))
    named = bool(reading.take(r"\balphabetic(?:al|ally)?(?:\s+order)?\b"))
    asked = bool(reading.take(r"\b(?:sort(?:ed|ing)?|order(?:ed)?|arrange[d]?|rank(?:ed)?)\b"))
    if backwards or rising or by_length or named or asked:
        members = work.members()
        numeric = all(short.fullmatch(NUMBER, member) for member in members)
        key: Callable[[str], object] = (
            len if by_length else (lambda m: float(m.replace(",", ""))) if numeric else str.casefold
        )
        members = sorted(members, key=key, reverse=backwards)  # type: ignore[arg-type]
        if work.items is None and " " not in work.text:
            work.text = "".join(members)
        else:
            work.items = members
        return True
    if reading.take(
        r"\b(?:reverse\s+the\s+order|backwards?|reversed?|in\s+reverse(?:\s+order)?|from\s+(?:back\s+to\s+front|right\s+to\s+left|the\s+end))\b"
    ):
        if work.items is not None:
            work.items = work.items[::-1]
        elif reading.take(r"\bwords\b"):
            work.text = " ".join(work.text.split()[::-1])
        else:
            work.text = work.text[::-1]
        return True
    return False


def _repeated(reading: Reading, work: _Work) -> bool:
    """The same several times."""
    found = reading.take(
        r"\b(?:exactly\s+)?(\d{1,3})\s+times\b|\b(twice)\b|\bexactly\s+(\d{1,3})\s+words,\s+each\s+of\s+them\b"
    )
    if not found:
        return False
    work.items = [work.text] * (2 if found[2] else int(found[1] or found[3]))
    return True


def _cased(reading: Reading, work: _Work) -> bool:
    """Capital or small letters, quotation marks."""
    quoted = bool(reading.take(r"\b(?:in|with|inside)\s+(?:double\s+)?(?:quotes|quotation\s+marks)\b"))
    if quoted:
        work.text, work.items = f'"{work.text}"', None
    for names, change in (
        (r"capitals|capital\s+letters|upper[- ]?case(?:\s+letters)?|caps", str.upper),
        (r"lower[- ]?case(?:\s+letters)?|small\s+letters", str.lower),
        (r"title\s+case", str.title),
    ):
        if reading.take(rf"\b(?:in|to|into|all)?\s*(?:all\s+)?(?:{names})\b"):
            work.each(change)
            return True
    return quoted


def _joined(work: _Work, separator: str | None) -> str:
    """The result as one text."""
    if work.items is not None:
        return work.joint.join(work.items)
    if separator is not None:
        return separator.join(work.text.split() if " " in work.text else work.text)
    return work.text
