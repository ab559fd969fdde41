"""Makes a value that fits a schema, out of a user's words where they hold one.

What is not said gets the schema's default, or the plainest value that fits: nought, false, the first of an `enum`, an
empty text. So the value is always valid, and only what was found is about the question. `Filled.missing` names what had
to be there and was not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from janus_platform.services.inference import strings
from janus_platform.services.inference.enum_values import Choices
from janus_platform.services.inference.extraction import Told, number_of
from janus_platform.services.inference.schema import NOT_GIVEN, TYPES, Node, fault
from janus_platform.services.inference.schema_check import fits, number_that_fits, text_that_fits
from janus_platform.services.inference.stemming import content_stems, stem

MAX_VALUES = 5_000
# Below this depth only what is required is filled, by the shortest way, so that a schema within itself ends.
DEEP = 6
_NEGATED = re.compile(r"\b(?:no|not|without|don'?t|doesn'?t|never|disable|off|exclude)\W+(?:\w+\W+){0,2}\Z", re.I)
_LIST = re.compile(r":[ \t]{1,3}([^:\n.;]{3,400})")
_SPLIT = re.compile(r"[;\n]|, and |,| and ")


@dataclass(frozen=True)
class Filled:
    """A value, how many parts of it were found in the words, and the required properties that nobody named."""

    value: Any
    found: int
    missing: tuple[str, ...]


def fill(node: Node, told: Told, *, answer: Callable[[], str] | None = None) -> Filled:
    """A value for the schema. Raises ApiError 400 when nothing within reach fits it.

    With `answer`, which gives the text that answers the question, every property is there and what stands for an answer
    gets it; without, as for a tool's arguments, an optional property is there only when it was found.
    """
    filler = _Filler(told, answer)
    value = filler.value(node, "", 0)
    return Filled(value, filler.found, tuple(filler.missing))


class _Filler:
    def __init__(self, told: Told, answer: Callable[[], str] | None) -> None:
        self._told, self._answer, self._choices = told, answer, Choices(told)
        self.found = self._made = 0
        self.missing: list[str] = []

    def value(self, node: Node, label: str, depth: int) -> Any:
        self._made += 1
        if self._made > MAX_VALUES:
            raise fault(node.where, f"the least value that fits it has more than {MAX_VALUES:,} parts")
        if node.enum is not None:
            return self._choice(node, label)
        if node.target:
            return self.value(_described(node.target, node), label, depth)
        if node.options:
            return self._option(node, label, depth)
        kinds = [kind for kind in _preferred(node) if depth < DEEP or _is_lowest(node, kind)]
        return self._of_type((kinds or [node.types[0]])[0], node, label, depth)

    def _of_type(self, kind: str, node: Node, label: str, depth: int) -> Any:
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return self._array(node, label, depth)
        if kind == "string":
            return self._string(node, label)
        if kind in ("integer", "number"):
            return self._number(node, label, whole=kind == "integer")
        return self._boolean(node, label) if kind == "boolean" else None

    def _object(self, node: Node, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name, child in node.properties.items():
            required = name in node.required
            if not required and (depth >= DEEP or child.height + depth > DEEP + 2):
                continue
            before, missing, made = self.found, len(self.missing), self._made
            filled = self.value(child, name, depth + 1)
            if required or self.found > before or (self._answer is not None and made < MAX_VALUES // 10):
                value[name] = filled
            else:
                del self.missing[missing:]
        return value

    def _array(self, node: Node, label: str, depth: int) -> list[Any]:
        least, most = node.bound("minItems", 0), min(node.bound("maxItems", 50), 50)
        items = node.items or Node(node.where, height=0)
        values: list[Any] = []
        if depth < DEEP and least <= most and self._made < MAX_VALUES // 10:
            values = list(self._said(items, label, int(most), depth))
        if least > MAX_VALUES or (least and items.height == float("inf")):
            raise fault(node.where, f"`minItems` asks for more than {MAX_VALUES:,} values, or for what nothing fits")
        while len(values) < least:
            values.append(self.value(items, label, depth + 1))
        return values

    def _said(self, items: Node, label: str, most: int, depth: int) -> Iterator[Any]:
        """One value for each thing that was said."""
        inner = _end(items)
        if inner.enum is not None:
            yield from self._choices.mentioned(inner)[:most]
            return
        if inner.properties:
            yield from self._objects(inner, most, depth)
            return
        if "string" in inner.types and (listed := self._listed()):
            self.found += 1
            yield from [text for text in listed if fits(inner, text)][:most]
            return
        missing = len(self.missing)
        said: set[str] = set()
        for _ in range(most):
            before = self.found
            value = self.value(items, label, depth + 1)
            if self.found == before or (isinstance(value, str) and value in said):
                break
            said |= {value} if isinstance(value, str) else set()
            yield value
        del self.missing[missing:]

    def _listed(self) -> list[str]:
        """The parts of the one list that the words hold, such as "tags: a, b and c"; none where there are several."""
        lists = [text for text in _LIST.findall(self._told.text) if _SPLIT.search(text)]
        if len(lists) != 1 or '"' in lists[0]:
            return []
        return [part.strip(" .") for part in _SPLIT.split(lists[0]) if part.strip(" .")]

    def _objects(self, node: Node, most: int, depth: int) -> Iterator[Any]:
        """An object for each clause that holds something of it."""
        clauses = [c for c in _SPLIT.split(self._told.text) if c.strip()]
        for clause in clauses[: most * 4]:
            part = _Filler(Told(clause), None)
            part._made = self._made
            value = part.value(node, "", depth + 1)
            self._made = part._made
            if part.found and not part.missing and most > 0:
                most -= 1
                self.found += part.found
                yield value

    def _option(self, node: Node, label: str, depth: int) -> Any:
        finite = [option for option in node.options if option.height < float("inf")]
        lowest = min(finite, key=lambda option: option.height)
        for option in finite if depth < DEEP else ():
            if _end(option).types == ("null",):
                continue
            before, missing = self.found, len(self.missing)
            value = self.value(_described(option, node), label, depth + 1)
            if node.is_exclusive and not fits(node, value):
                del self.missing[missing:]
                continue
            if self.found > before or not _has_null(finite):
                return value
            del self.missing[missing:]
            if self._made > MAX_VALUES // 10:
                break
        value = self.value(_null_of(finite) if _has_null(finite) else lowest, label, depth + 1)
        if node.is_exclusive and not fits(node, value):
            raise fault(node.where, "the local engine finds no value that exactly one of `oneOf` takes")
        return value

    def _choice(self, node: Node, label: str) -> Any:
        options = self._choices.valid(node)
        if not options:
            raise fault(node.where, "none of its `enum` or `const` values fits the rest of it")
        said = strings.directed(label, self._choices.mentioned(node), self._told)
        if said and len(options) > 1:
            self.found += 1
            return said[0]
        if len(options) > 1 and node.default is NOT_GIVEN:
            self.missing.append(label)
        return node.default if any(option == node.default for option in options) else options[0]

    def _boolean(self, node: Node, label: str) -> bool:
        stems = set(strings.parts_of(label)) - {stem("is"), stem("has"), stem("include"), stem("with")}
        for said, start in self._told.stems:
            if said in stems:
                self.found += 1
                return not _NEGATED.search(self._told.text[max(0, start - 40) : start])
        return node.default if isinstance(node.default, bool) else False

    def _number(self, node: Node, label: str, *, whole: bool) -> int | float:
        named, described = set(strings.parts_of(label)), set(content_stems(node.title))
        pieces = self._told.of("number")
        nearest = sorted(
            pieces, key=lambda p: -2 * len(self._told.near(p) & named) - len(self._told.near(p) & described)
        )
        for piece in nearest:
            value = number_of(piece.text)
            is_close = bool(self._told.near(piece) & (named | described))
            if fits(node, value) and (isinstance(value, int) or not whole) and (is_close or self._may_guess(node)):
                self._told.take(piece)
                self.found += 1
                return value
        if isinstance(node.default, int | float) and fits(node, node.default):
            return node.default
        plain = number_that_fits(node, whole=whole)
        if plain is None:
            raise fault(node.where, "no number lies within its bounds")
        self.missing.append(label)
        return plain

    def _may_guess(self, node: Node) -> bool:
        # A default says that the number may be left out, so one that stands elsewhere in the text is not meant.
        return node.default is NOT_GIVEN

    def _string(self, node: Node, label: str) -> str:
        for text, piece in strings.candidates(label, node, self._told):
            if fits(node, text):
                if piece:
                    self._told.take(piece)
                self.found += 1
                return text
        if isinstance(node.default, str) and fits(node, node.default):
            return node.default
        said = strings.sample(node) or self._in_words(node, label)
        if not said or strings.sample(node):
            self.missing.append(label)
        # Half a date is none: what has a format is whole or not there.
        if not node.format and len(said) < node.bound("minLength", 0):
            said = self._told.gist()  # The caller's own words rather than blanks.
        text = said if node.format else text_that_fits(node, said)
        if not fits(node, text):
            raise fault(node.where, "the local engine has no text of a length within its bounds")
        return text

    def _in_words(self, node: Node, label: str) -> str:
        """The answer, or for a tool what was asked, where any text may stand."""
        if not strings.is_free(label, node):
            return ""
        if self._answer is None:
            self.found += 1
            return self._told.gist()
        return self._answer() if _is_answer(label) else ""


_ANSWERS = frozenset(
    map(stem, "answer summary explanation text content response reply result description reasoning message conclusion "
        "output final thought definition".split())
)  # fmt: skip


def _is_answer(label: str) -> bool:
    return not label or bool(set(strings.parts_of(label)) & _ANSWERS)


def _preferred(node: Node) -> list[str]:
    """The types worth trying, the fullest first: of "string or null" the string."""
    if node.types == TYPES:
        return ["string"]
    return sorted(node.types, key=lambda kind: kind == "null")


def _is_lowest(node: Node, kind: str) -> bool:
    return kind not in ("object", "array") or len(node.types) == 1 or node.height > 0


def _end(node: Node) -> Node:
    """Where a chain of references leads."""
    for _ in range(100):
        if node.target is None:
            return node
        node = node.target
    return node


def _described(node: Node, by: Node) -> Node:
    return node if node.title or not by.title else replace(node, title=by.title)


def _has_null(options: list[Node]) -> bool:
    return any(_end(option).types == ("null",) for option in options)


def _null_of(options: list[Node]) -> Node:
    return next(option for option in options if _end(option).types == ("null",))
