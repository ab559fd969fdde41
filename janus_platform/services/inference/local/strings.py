"""The span of a text that becomes a string, by what the schema calls it: a city, a date, an address, a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from janus_platform.services.inference.local.extraction import Extraction, Span, iso_date
from janus_platform.services.inference.local.stemming import content_stems, stem, words
from janus_platform.services.inference.schema import SchemaNode

Value = TypeVar("Value")


@dataclass(frozen=True)
class Role:
    """What a property is for: the stems that name it, and the kinds of spans whose text can be its value."""

    stems: frozenset[str]
    kinds: tuple[str, ...]


def _stems(named: str) -> frozenset[str]:
    return frozenset(map(stem, named.split()))


_PLACE = Role(
    _stems(
        "city location place town country region state destination origin where from to departure arrival capital "
        "airport station timezone start end"
    ),
    ("name",),
)
# The narrower role first: of "email of the recipient" the address, not the name.
_ROLES = (
    Role(_stems("url uri link website webpage page address href"), ("url",)),
    Role(_stems("email mail recipient sender to from"), ("email",)),
    Role(_stems("code program script source snippet python javascript bash command"), ("code",)),
    Role(_stems("expression formula equation calculation math arithmetic"), ("expression",)),
    Role(_stems("currency from to source target base quote ticker symbol iata iso"), ("code word",)),
    Role(_stems("date day when birthday deadline due start end"), ("date",)),
    _PLACE,
    Role(
        _stems(
            "name person people participant attendee member guest player author artist user customer contact recipient "
            "company title brand product"
        ),
        ("quoted", "name"),
    ),
)
# Properties that take any words of the request.
_FREE = _stems(
    "query question search q prompt text input topic keywords keyword subject message content body sentence request "
    "task note phrase term about description reminder todo title summary expression"
)
_FROM, _TO = _stems("origin from source departure start base"), _stems("destination to target arrival end quote into")
_TOWARDS = re.compile(r"\b(?:to|in|into|for)\s{1,3}\Z", re.I)
_BEFORE_PLACE = re.compile(r"\b(?:in|at|near|around|for|to|from) \Z", re.I)
# The plainest text of each format (JSON Schema 2020-12, Validation, 7.3), for what must be there and is not given.
_SAMPLES = {
    "date": "1970-01-01",
    "date-time": "1970-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "nobody@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
_KIND_OF_FORMAT = {"email": "email", "uri": "url", "url": "url"}


def parts_of(label: str) -> list[str]:
    """The stems of a property's name: `departureCity` and `departure_city` give depart, city."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label)
    return [stem(word) for word in words(re.sub(r"[_\-.]", " ", spaced))]


def is_free(label: str) -> bool:
    """Whether any text may stand there: a query, a message, a title."""
    return bool(_FREE.intersection(parts_of(label)))


def candidates(label: str, node: SchemaNode, extraction: Extraction) -> Iterator[tuple[str, Span | None]]:
    """Texts for a property, the likeliest first, each with the span that it would use up."""
    if node.format in _SAMPLES or node.format in _KIND_OF_FORMAT:
        yield from _of_format(node.format, extraction)
        return
    if labelled := extraction.labelled(label):
        yield labelled, None
    roles = _roles(label, node)
    for role in roles:
        spans = extraction.unused(*role.kinds)
        if role is _PLACE:
            # "What is the weather like in Paris": what follows a preposition is likelier a place than another name.
            spans.sort(key=lambda span: not extraction.follows(span.start, _BEFORE_PLACE))
        for span in in_direction(label, spans, lambda span: span.start, extraction):
            yield _spelt(span, node), span
    if is_free(label) or not roles:
        yield from ((span.text, span) for span in extraction.unused("quoted"))


def in_direction(
    label: str, values: Sequence[Value], start_of: Callable[[Value], int], extraction: Extraction
) -> list[Value]:
    """The values with those first that answer where-from or where-to, if the property asks that."""
    named = set(parts_of(label))
    if not named & (_FROM | _TO):
        return list(values)
    return sorted(values, key=lambda value: extraction.follows(start_of(value), _TOWARDS) != bool(named & _TO))


def sample(node: SchemaNode) -> str:
    """A text of the node's format where the text holds none."""
    return _SAMPLES.get(node.format, "")


def _roles(label: str, node: SchemaNode) -> list[Role]:
    """The roles of a property by its name, or else by its description."""
    by_name = [role for role in _ROLES if role.stems.intersection(parts_of(label))]
    if by_name or is_free(label):
        return by_name
    described = set(content_stems(node.title))
    return [role for role in _ROLES if role.stems & described]


def _of_format(form: str, extraction: Extraction) -> Iterator[tuple[str, Span]]:
    if kind := _KIND_OF_FORMAT.get(form):
        yield from ((span.text, span) for span in extraction.unused(kind))
    elif form in ("date", "date-time"):
        for span in extraction.unused("date"):
            if iso := iso_date(span.text):
                yield (iso if form == "date" else f"{iso}T00:00:00Z"), span


def _spelt(span: Span, node: SchemaNode) -> str:
    """The span's text; a date in ISO 8601 where the description asks for it."""
    if span.kind == "date" and "yyyy-mm-dd" in node.title.casefold():
        return iso_date(span.text) or span.text
    return span.text
