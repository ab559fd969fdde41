"""Checks: what makes an answer right. Each is a frozen dataclass made from a table of a suite, and gives 0 to 1.

Presence of a key word is never enough. A fact has to stand in a sentence that reads as prose, what would be wrong must
be absent, a length is set, and repeating the question earns nothing. The last word on an item is the product of its
checks: an answer that should name its source and does not is not half right.

What these checks do not see: a fact stated and then denied in other words. Suites list such contradictions as `forbid`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from janus_bench import code_runner, pictures, text
from janus_bench.constants import load_scoring


@dataclass(frozen=True)
class Subject:
    """What is checked: the question and all that came back."""

    prompt: str
    text: str
    tool_calls: Sequence[dict[str, str]] = ()
    artifacts: Sequence[dict[str, str]] = ()


@dataclass(frozen=True)
class Verdict:
    """A score from 0 to 1 and the reason for it, in words a reader of the report understands."""

    score: float
    why: str


def above_chance(share: float) -> float:
    """A share of facts or cases, corrected for chance: 0 up to one half, then a straight line to 1."""
    chance: float = load_scoring()["quality"]["chance"]
    return max(0.0, (share - chance) / (1 - chance))


@dataclass(frozen=True)
class Exact:
    """The answer is one of `answers`: as a whole, in its last line, or behind "answer:" (normalised)."""

    kind: ClassVar[str] = "exact"
    answers: tuple[str, ...]

    def evaluate(self, subject: Subject) -> Verdict:
        wanted = {_bare(answer) for answer in self.answers}
        found = any(candidate in wanted for candidate in _candidates(subject.text))
        return Verdict(1.0, "the expected answer") if found else Verdict(0.0, "not the expected answer")


@dataclass(frozen=True)
class Number:
    """The number behind the last "answer", else the last of the body, lies within `within` of `value`."""

    kind: ClassVar[str] = "number"
    value: float
    within: float = 0.0
    max_words: int = 200

    def evaluate(self, subject: Subject) -> Verdict:
        said = re.sub(r"[*`$\\]", "", text.body(subject.text))
        after = re.split(r"(?i)\banswer\b", said)[-1]
        found = text.numbers(after)[:1] if after != said else []
        found = found or text.numbers(said)[-1:]
        if not found:
            return Verdict(0.0, "no number")
        if abs(found[0] - self.value) > self.within + 1e-9 * abs(self.value):
            return Verdict(0.0, f"{found[0]:g} instead of {self.value:g}")
        return _capped(1.0, f"{self.value:g}", said, self.max_words)


@dataclass(frozen=True)
class Pattern:
    """The normalised body matches the regular expression `pattern` as a whole."""

    kind: ClassVar[str] = "pattern"
    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None

    def evaluate(self, subject: Subject) -> Verdict:
        said = text.normalise(text.body(subject.text))[:2000]
        return Verdict(1.0, "matches") if re.fullmatch(self.pattern, said) else Verdict(0.0, "does not match")


@dataclass(frozen=True)
class Facts:
    """Every group of `require` (synonyms) is stated in prose, none of `forbid` occurs, in at most `max_words` words.

    A `*` at the end of a word stands for any ending. Half of the groups is worth nothing.
    """

    kind: ClassVar[str] = "facts"
    require: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...] = ()
    max_words: int = 220

    def __post_init__(self) -> None:
        if not self.require or not all(self.require):
            raise ValueError("require: needs at least one group, and no group may be empty")

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.body(subject.text)
        everything = text.without_echo(answer, subject.prompt)
        for term in self.forbid:
            if text.contains(everything, term):
                return Verdict(0.0, f"says {term!r}, which is wrong here")
        stated = _stated(answer, subject.prompt)
        missing = [group[0] for group in self.require if not any(text.contains(stated, term) for term in group)]
        score = above_chance(1 - len(missing) / len(self.require))
        why = f"missing: {', '.join(missing)}" if missing else "all facts stated"
        return _capped(score, why, answer, self.max_words)


@dataclass(frozen=True)
class Sources:
    """At least `at_least` of the addresses `any_of` (host, or host and start of path) are named in the answer.

    Naming more than `at_most` addresses is a list, not a citation, and is worth nothing.
    """

    kind: ClassVar[str] = "sources"
    any_of: tuple[str, ...]
    at_least: int = 1
    at_most: int = 8

    def evaluate(self, subject: Subject) -> Verdict:
        named = text.urls(subject.text)
        if len(named) > self.at_most:
            return Verdict(0.0, f"{len(named)} addresses named, more than {self.at_most}")
        right = sum(any(_lies_below(address, place) for place in self.any_of) for address in named)
        if right < self.at_least:
            return Verdict(0.0, "no expected source named" if not named else "other sources than expected")
        return Verdict(1.0, "source named")


@dataclass(frozen=True)
class Unanswerable:
    """The answer says within its first two sentences that it cannot be given, and makes nothing up (`forbid`)."""

    kind: ClassVar[str] = "unanswerable"
    forbid: tuple[str, ...] = ()
    max_words: int = 150

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.without_echo(text.body(subject.text), subject.prompt)
        for term in self.forbid:
            if text.contains(answer, term):
                return Verdict(0.0, f"makes up {term!r}")
        start = " ".join(text.sentences(answer)[:2])
        if not _ADMISSION.search(start):
            return Verdict(0.0, "does not say that it cannot answer")
        return _capped(1.0, "says that it cannot answer", answer, self.max_words)


@dataclass(frozen=True)
class Form:
    """The answer keeps the form asked for: number of list points, most sentences, most words."""

    kind: ClassVar[str] = "form"
    points: int = 0
    max_sentences: int = 0
    max_words: int = 0

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.body(subject.text).strip()
        points = len(re.findall(r"(?m)^[ \t]*(?:[-*•+]|\d{1,2}[.)])[ \t]+\S", answer))
        if self.points and points != self.points:
            return Verdict(0.0, f"{points} list points instead of {self.points}")
        if self.max_sentences and len(text.sentences(answer)) > self.max_sentences:
            return Verdict(0.0, f"more than {self.max_sentences} sentences")
        if self.max_words and len(answer.split()) > self.max_words:
            return Verdict(0.0, f"more than {self.max_words} words")
        return Verdict(1.0, "form kept") if answer else Verdict(0.0, "empty")


@dataclass(frozen=True)
class Code:
    """The returned Python defines `function`, and calls with each case's arguments give the case's value.

    `cases` are pairs [arguments, value]. The values never reach the process that runs the code.
    """

    kind: ClassVar[str] = "code"
    function: str
    cases: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.function.isidentifier():
            raise ValueError("function: not a name")
        if not self.cases or not all(map(_is_case, self.cases)):
            raise ValueError("cases: needs pairs [[arguments], value]")

    def evaluate(self, subject: Subject) -> Verdict:
        source = code_runner.find_function(subject.text, self.function)
        if source is None:
            return Verdict(0.0, f"no Python that defines {self.function}()")
        run = code_runner.call(source, self.function, [case[0] for case in self.cases])
        right = sum(same_value(got, case[1]) for got, case in zip(run.values, self.cases, strict=False))
        why = f"{right} of {len(self.cases)} cases right" + (f" ({run.failure})" if run.failure else "")
        return Verdict(above_chance(right / len(self.cases)), why)


@dataclass(frozen=True)
class ToolCall:
    """Exactly one tool call, of `name`, with `arguments` (strings compared normalised, numbers by value)."""

    kind: ClassVar[str] = "tool_call"
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def evaluate(self, subject: Subject) -> Verdict:
        if len(subject.tool_calls) != 1:
            return Verdict(0.0, f"{len(subject.tool_calls)} tool calls instead of one")
        call = subject.tool_calls[0]
        if call["name"] != self.name:
            return Verdict(0.0, "another tool called")
        try:
            given = json.loads(call["arguments"] or "{}")
        except (ValueError, RecursionError):
            return Verdict(0.0, "arguments are not JSON")
        if not isinstance(given, dict) or set(given) != set(self.arguments):
            return Verdict(0.0, "other arguments than expected")
        wrong = [name for name, value in self.arguments.items() if not same_value(_fold(given[name]), _fold(value))]
        return Verdict(0.0, f"wrong: {', '.join(wrong)}") if wrong else Verdict(1.0, "the expected call")


@dataclass(frozen=True)
class Artifact:
    """An artifact of one of `types` is there, really decodes, is at least so large (pixels), and is not blank."""

    kind: ClassVar[str] = "artifact"
    types: tuple[str, ...] = ("image/png", "image/svg+xml")
    min_width: int = 64
    min_height: int = 64

    def evaluate(self, subject: Subject) -> Verdict:
        why = "no artifact"
        for artifact in subject.artifacts:
            if artifact["type"] not in self.types:
                why = f"an artifact of type {artifact['type'][:40]!r}"
                continue
            try:
                picture = pictures.decode(artifact["type"], artifact["data"])
            except pictures.BadPicture as error:
                why = str(error)
                continue
            if picture.width >= self.min_width and picture.height >= self.min_height:
                return Verdict(1.0, f"{picture.width:g} × {picture.height:g} {artifact['type']}")
            why = f"only {picture.width:g} × {picture.height:g}"
        return Verdict(0.0, why)


Check = Exact | Number | Pattern | Facts | Sources | Unanswerable | Form | Code | ToolCall | Artifact
KINDS: dict[str, type[Check]] = {
    check.kind: check
    for check in (Exact, Number, Pattern, Facts, Sources, Unanswerable, Form, Code, ToolCall, Artifact)
}


def build_check(table: dict[str, Any]) -> Check:
    """Make a check of a suite's table. Raises ValueError naming the field and what it should be."""
    values = dict(table)
    kind = values.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} is not one of {', '.join(sorted(KINDS))}")
    known = {entry.name: entry for entry in fields(KINDS[kind])}
    for name in values.keys() - known.keys():
        raise ValueError(f"{name}: a check of kind {kind!r} has no such field (it has {', '.join(known)})")
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise ValueError(f"{name}: missing in a check of kind {kind!r}")
    return KINDS[kind](**{name: _typed(name, str(known[name].type), value) for name, value in values.items()})


def same_value(got: Any, wanted: Any) -> bool:
    """Equality of JSON values: numbers within 1e-9, true is not 1, tuples came over as lists."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return got is wanted
    if isinstance(wanted, (int, float)) and isinstance(got, (int, float)):
        return abs(got - wanted) <= 1e-9 * max(1.0, abs(wanted))
    if isinstance(wanted, list) and isinstance(got, list):
        return len(got) == len(wanted) and all(map(same_value, got, wanted))
    if isinstance(wanted, dict) and isinstance(got, dict):
        return got.keys() == wanted.keys() and all(same_value(got[key], wanted[key]) for key in wanted)
    return type(got) is type(wanted) and bool(got == wanted)


_ADMISSION = re.compile(
    r"\b(?:do(?:es)?|did)(?: not|n't) (?:\w+ ){0,3}"
    r"(?:cover|contain|say|mention|include|state|answer|know|have|provide|give|name)"
    r"|\b(?:could|can) ?(?:not|n't|'t) (?:\w+ ){0,3}(?:find|found|answer|answered|say|tell|determine|determined)"
    r"|\bnot (?:\w+ ){0,2}(?:covered|found|mentioned|stated|answered|known|available|supported)"
    r"|\bno (?:\w+ ){0,4}(?:information|sources?|pages?|passages?|documents?|results?|mention|answers?|evidence|data)\b"
    r"|\bnothing (?:\w+ ){0,6}(?:about|on|covers?|answers?|says?|mentions?|found)\b"
    r"|\bnone of (?:\w+ ){1,5}(?:covers?|answers?|says?|mentions?|contains?)"
    r"|\b(?:unable|not able) to (?:find|answer|say|tell|determine)"
)
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "dict[str, Any]": (dict,)}


def _typed(name: str, wanted: str, value: Any) -> Any:
    """`value` as the dataclass field wants it; lists become tuples. Raises ValueError."""
    if wanted == "tuple[tuple[str, ...], ...]":
        groups = _typed(name, "tuple[Any, ...]", value)
        return tuple(_typed(name, "tuple[str, ...]", [group] if isinstance(group, str) else group) for group in groups)
    if wanted.startswith("tuple"):
        if not isinstance(value, list) or ("str" in wanted and not all(isinstance(entry, str) for entry in value)):
            raise ValueError(f"{name}: must be a list" + (" of strings" if "str" in wanted else ""))
        return tuple(value)
    if not isinstance(value, _TYPES[wanted]) or isinstance(value, bool):
        raise ValueError(f"{name}: must be of type {wanted}")
    return value


def _capped(score: float, why: str, answer: str, max_words: int) -> Verdict:
    """The score, falling in a straight line to 0 as the answer grows from `max_words` to twice that."""
    length = len(answer.split())
    if length <= max_words or score == 0:
        return Verdict(score, why)
    return Verdict(score * max(0.0, 2 - length / max_words), f"{why}; {length} words where {max_words} are enough")


def _stated(answer: str, prompt: str) -> str:
    """The part of an answer in which facts count: all of a short one, else the sentences that read as prose."""
    said = text.without_echo(answer, prompt)
    if len(said.split()) <= 25:
        return said
    prose = [sentence for sentence in text.sentences(answer) if text.reads_as_prose(sentence)]
    return " . ".join(text.without_echo(sentence, prompt) for sentence in prose)


def _candidates(answer: str) -> list[str]:
    said = text.body(answer).strip()
    lines = said.splitlines()
    marked = re.split(r"(?i)\banswer(?: is)?\b[ \t*]*:?", said)
    return [_bare(said), _bare(lines[-1] if lines else ""), _bare(marked[-1])]


def _bare(answer: str) -> str:
    return text.normalise(answer).strip(" .!?:;,'\"()[]")


def _lies_below(address: tuple[str, str], place: str) -> bool:
    host, slash, path = place.partition("/")
    below = f"/{path}".rstrip("/") if slash else ""
    return address[0] == host and (address[1] == below or address[1].startswith(f"{below}/") or not below)


def _is_case(case: Any) -> bool:
    return isinstance(case, list) and len(case) == 2 and isinstance(case[0], list)


def _fold(value: Any) -> Any:
    return text.normalise(value) if isinstance(value, str) else value
