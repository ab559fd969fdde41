"""A value that fits a schema, made of what stands in a text.

What the text does not hold gets the schema's default, or the plainest value that fits: nought, false, the first of an
`enum`, an empty text. So the value is always valid, and only what was found is about the question. `Filled.missing`
names what had to be there and was not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from janus_platform.services.inference.local import strings
from janus_platform.services.inference.local.enum_values import EnumValues
from janus_platform.services.inference.local.extraction import Extraction, Span, number_of
from janus_platform.services.inference.local.stemming import content_stems, stem
from janus_platform.services.inference.schema import NOT_GIVEN, TYPES, SchemaNode, fault
from janus_platform.services.inference.schema_check import fits, number_that_fits, text_that_fits

MAX_VALUES = 5_000
# From here on only what is required is filled, so that a wide schema leaves room for the rest of it.
SPARING_FROM = MAX_VALUES // 10
# Below this depth only what is required is filled, by the shortest way, so that a schema within itself ends.
DEEP = 6
_NEGATED = re.compile(r"\b(?:no|not|without|don'?t|doesn'?t|never|disable|off|exclude)\W+(?:\w+\W+){0,2}\Z", re.I)


@dataclass(frozen=True)
class Filled:
    """A value, how many parts of it were found in the text, and the required properties that were not."""

    value: Any
    found: int
    missing: tuple[str, ...]


def fill(node: SchemaNode, extraction: Extraction, *, answer: Callable[[], str] | None = None) -> Filled:
    """A value for the schema. Raises ApiError 400 when nothing within reach fits it.

    With `answer`, which gives the text that answers the question, every property is there and what stands for an answer
    gets it; without, as for a tool's arguments, an optional property is there only when it was found.
    """
    filler = _Filler(extraction, answer)
    value = filler.value(node, "", 0)
    return Filled(value, filler.found, tuple(filler.missing))


class _Filler:
    def __init__(self, extraction: Extraction, answer: Callable[[], str] | None) -> None:
        self._extraction, self._answer, self._enums = extraction, answer, EnumValues(extraction)
        self.found = self._count = 0
        self.missing: list[str] = []

    def value(self, node: SchemaNode, label: str, depth: int) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            raise fault(node.location, f"the least value that fits it has more than {MAX_VALUES:,} parts")
        if node.enum is not None:
            return self._choice(node, label)
        if node.target:
            return self.value(_described(node.target, node), label, depth)
        if node.options:
            return self._option(node, label, depth)
        kinds = [kind for kind in _preferred(node) if depth < DEEP or _is_lowest(node, kind)]
        return self._of_type((kinds or [node.types[0]])[0], node, label, depth)

    def _of_type(self, kind: str, node: SchemaNode, label: str, depth: int) -> Any:
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return self._array(node, label, depth)
        if kind == "string":
            return self._string(node, label)
        if kind in ("integer", "number"):
            return self._number(node, label, whole=kind == "integer")
        return self._boolean(node, label) if kind == "boolean" else None

    def _object(self, node: SchemaNode, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name, child in node.properties.items():
            required = name in node.required
            if not required and (depth >= DEEP or child.height + depth > DEEP + 2):
                continue
            before, missing, count_before = self.found, len(self.missing), self._count
            filled = self.value(child, name, depth + 1)
            if required or self.found > before or (self._answer is not None and count_before < SPARING_FROM):
                value[name] = filled
            else:
                del self.missing[missing:]
        return value

    def _array(self, node: SchemaNode, label: str, depth: int) -> list[Any]:
        least, most = node.bound("minItems", 0), min(node.bound("maxItems", 50), 50)
        items = node.items or SchemaNode(node.location, height=0)
        values: list[Any] = []
        if depth < DEEP and least <= most and self._count < SPARING_FROM:
            values = list(self._found_items(items, label, int(most), depth))
        if least > MAX_VALUES or (least and items.height == float("inf")):
            raise fault(node.location, f"`minItems` asks for more than {MAX_VALUES:,} values, or for what nothing fits")
        while len(values) < least:
            values.append(self.value(items, label, depth + 1))
        return values

    def _found_items(self, items: SchemaNode, label: str, most: int, depth: int) -> Iterator[Any]:
        """The values that the text holds: those of a labelled list, or one after the other until no more is found."""
        inner = _end(items)
        if inner.enum is not None:
            yield from self._enums.mentioned(inner)[:most]
            return
        if "string" in inner.types and (listed := self._extraction.listed(label)):
            self.found += 1
            yield from [text for text in listed if fits(inner, text)][:most]
            return
        missing = len(self.missing)
        earlier: list[Any] = []
        for _ in range(most):
            before = self.found
            value = self.value(items, label, depth + 1)
            # An object counts when its required parts were there: what is left of the text may hold halves of more.
            if self.found == before or value in earlier or (inner.required and len(self.missing) > missing):
                break
            earlier.append(value)
            yield value
        del self.missing[missing:]

    def _option(self, node: SchemaNode, label: str, depth: int) -> Any:
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
            if self._count > SPARING_FROM:
                break
        value = self.value(_null_of(finite) if _has_null(finite) else lowest, label, depth + 1)
        if node.is_exclusive and not fits(node, value):
            raise fault(node.location, "the local engine finds no value that exactly one of `oneOf` takes")
        return value

    def _choice(self, node: SchemaNode, label: str) -> Any:
        options = self._enums.valid(node)
        if not options:
            raise fault(node.location, "none of its `enum` or `const` values fits the rest of the schema")
        mentioned = strings.in_direction(label, self._enums.mentioned(node), self._position, self._extraction)
        if mentioned and len(options) > 1:
            self.found += 1
            return mentioned[0]
        if len(options) > 1 and node.default is NOT_GIVEN:
            self.missing.append(label)
        return node.default if any(option == node.default for option in options) else options[0]

    def _position(self, value: Any) -> int:
        return self._extraction.lowered.find(str(value).casefold())

    def _boolean(self, node: SchemaNode, label: str) -> bool:
        stems = set(strings.parts_of(label)) - {stem("is"), stem("has"), stem("include"), stem("with")}
        for spoken, start in self._extraction.stems:
            if spoken in stems:
                self.found += 1
                return not _NEGATED.search(self._extraction.text[max(0, start - 40) : start])
        return node.default if isinstance(node.default, bool) else False

    def _number(self, node: SchemaNode, label: str, *, whole: bool) -> int | float:
        named, described = set(strings.parts_of(label)), set(content_stems(node.title))
        extraction = self._extraction

        def distance(span: Span) -> int:
            near = extraction.near(span)
            return -2 * len(near & named) - len(near & described)

        for span in sorted(extraction.unused("number"), key=distance):
            value = number_of(span.text)
            # A default says that the number may be left out, so one that stands elsewhere in the text is not meant.
            is_meant = node.default is NOT_GIVEN or distance(span) < 0
            if is_meant and fits(node, value) and (isinstance(value, int) or not whole):
                extraction.use(span)
                self.found += 1
                return value
        if isinstance(node.default, int | float) and fits(node, node.default):
            return node.default
        plain = number_that_fits(node, whole=whole)
        if plain is None:
            raise fault(node.location, "no number lies within its bounds")
        self.missing.append(label)
        return plain

    def _string(self, node: SchemaNode, label: str) -> str:
        for text, span in strings.candidates(label, node, self._extraction):
            if fits(node, text):
                if span:
                    self._extraction.use(span)
                self.found += 1
                return text
        if isinstance(node.default, str) and fits(node, node.default):
            return node.default
        text = self._unfound(node, label)
        if not fits(node, text):
            raise fault(node.location, "the local engine has no text of a length within its bounds")
        return text

    def _unfound(self, node: SchemaNode, label: str) -> str:
        """The sample of a format, the answer, or for a tool what was asked, where any text may stand; else nothing."""
        if sample := strings.sample(node):
            self.missing.append(label)
            return sample
        text = ""
        if self._answer is not None:
            text = self._answer() if _is_answer(label) else ""
        elif strings.is_free(label):
            self.found += 1
            text = self._extraction.request()
        if not text:
            self.missing.append(label)
        if len(text) < node.bound("minLength", 0):
            text = self._extraction.request()  # The caller's own words rather than blanks.
        return text_that_fits(node, text)


_ANSWERS = frozenset(
    map(stem, "answer summary explanation text content response reply result description reasoning message conclusion "
        "output final thought definition".split())
)  # fmt: skip


def _is_answer(label: str) -> bool:
    return not label or bool(set(strings.parts_of(label)) & _ANSWERS)


def _preferred(node: SchemaNode) -> list[str]:
    """The types worth trying, the fullest first: of "string or null" the string."""
    if node.types == TYPES:
        return ["string"]
    return sorted(node.types, key=lambda kind: kind == "null")


def _is_lowest(node: SchemaNode, kind: str) -> bool:
    return kind not in ("object", "array") or len(node.types) == 1 or node.height > 0


def _end(node: SchemaNode) -> SchemaNode:
    """Where a chain of references leads."""
    for _ in range(100):
        if node.target is None:
            return node
        node = node.target
    return node


def _described(node: SchemaNode, by: SchemaNode) -> SchemaNode:
    return node if node.title or not by.title else replace(node, title=by.title)


def _has_null(options: list[SchemaNode]) -> bool:
    return any(_end(option).types == ("null",) for option in options)


def _null_of(options: list[SchemaNode]) -> SchemaNode:
    return next(option for option in options if _end(option).types == ("null",))
