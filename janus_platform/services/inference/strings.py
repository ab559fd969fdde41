"""Which piece of a user's words becomes a string, by what the schema calls it: a city, a date, an address, a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from janus_platform.services.inference.extraction import Piece, Told, iso_date, spoken_expression
from janus_platform.services.inference.schema import Node
from janus_platform.services.inference.stemming import content_stems, stem, words

# A role, the words that name it in a property's name or description, and the kinds of pieces that can play it.
_ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "url": ("url uri link website webpage page address href", ("url",)),
    "email": ("email mail recipient sender to from", ("email",)),
    "code": ("code program script source snippet python javascript bash command", ("code",)),
    "expression": ("expression formula equation calculation math arithmetic", ("expression",)),
    "currency": ("currency", ("currency",)),
    "date": ("date day when birthday deadline due start end", ("date",)),
    "time": ("time hour clock", ("time",)),
    "place": ("city location place town country region state destination origin where from to departure arrival "
              "capital airport station timezone", ("name",)),
    "ticker": ("ticker symbol", ("capitals",)),
    "person": ("name person people participant attendee member guest player author artist user customer contact "
               "recipient company title brand product", ("quoted", "name")),
}  # fmt: skip
_FREE_WORDS = """
query question search q prompt text input topic keywords keyword subject message content body sentence request task note
phrase term about description reminder todo title summary
"""
_FREE = frozenset(map(stem, _FREE_WORDS.split()))
_STEMS = {role: frozenset(map(stem, named.split())) for role, (named, _) in _ROLES.items()}
_FROM = frozenset(map(stem, "origin from source departure start base".split()))
_TO = frozenset(map(stem, "destination to target arrival end quote into".split()))
_TOWARDS = re.compile(r"\b(?:to|in|into|for)\s{1,3}\Z", re.I)
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
# A value of these is found or asked for; no other words can stand in for it.
CONCRETE = frozenset({"url", "email", "code", "currency", "date", "time", "place"})
LANGUAGES = (
    "python", "javascript", "bash", "go", "rust", "java", "ruby", "english", "german", "french", "spanish", "italian",
    "portuguese", "dutch", "polish", "russian", "chinese", "japanese", "korean", "arabic", "hindi", "turkish", "latin",
)  # fmt: skip


def parts_of(label: str) -> list[str]:
    """The stems of a property's name: `departureCity` and `departure_city` give depart, city."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label)
    return [stem(w) for w in words(re.sub(r"[_\-.]", " ", spaced))]


def roles_of(label: str, node: Node) -> list[str]:
    """The roles that a property may have, those of its name before those of its description."""
    named, described = set(parts_of(label)), set(content_stems(node.title))
    first = [role for role, stems in _STEMS.items() if stems & named]
    if first or named & _FREE:
        return first
    return [role for role, stems in _STEMS.items() if stems & described]


def is_free(label: str, node: Node) -> bool:
    """Whether any text may stand there: a query, a message, a title."""
    roles = roles_of(label, node)
    return bool(set(parts_of(label)) & _FREE) or not roles or roles[0] == "expression"


def candidates(label: str, node: Node, told: Told) -> Iterator[tuple[str, Piece | None]]:
    """Texts for a property, the likeliest first, each with the piece it takes from the words, if it takes one."""
    if node.format in ("date", "date-time"):
        for piece in told.of("date"):
            if iso := iso_date(piece.text):
                yield (iso if node.format == "date" else f"{iso}T00:00:00Z"), piece
        return
    if kind := {"email": "email", "uri": "url", "url": "url"}.get(node.format):
        yield from ((piece.text, piece) for piece in told.of(kind))
        return
    if node.format in _SAMPLES:
        return
    if labelled := told.labels.get(" ".join(words(label.replace("_", " ").casefold()))):
        yield labelled, None
    if "languag" in parts_of(label) or stem("language") in parts_of(label):
        spoken = {w.casefold() for w in words(told.text)}
        yield from ((name, None) for name in LANGUAGES if name in spoken)
    if "expression" in roles_of(label, node) and not told.of("expression") and (said := spoken_expression(told.text)):
        yield said, None
    # `source` is a program's text more often than money's.
    directions = (_FROM | _TO) - {stem("source")}
    if sum(piece.kind == "currency" for piece in told.pieces) > 1 and set(parts_of(label)) & directions:
        pieces = {piece.text: piece for piece in reversed(told.of("currency"))}
        yield from ((text, pieces[text]) for text in directed(label, list(reversed(pieces)), told))
    for role in roles_of(label, node):
        yield from ((piece.text, piece) for piece in _playing(role, label, told))
    if is_free(label, node):
        yield from ((piece.text, piece) for piece in told.of("quoted"))


def directed(label: str, said: list[Any], told: Told) -> list[Any]:
    """What was said, in the order in which it answers from what or into what, if the property asks that."""
    named = set(parts_of(label))
    if len(said) < 2 or not named & (_FROM | _TO):
        return said

    def leads_there(text: Any) -> bool:
        start = told.text.casefold().find(str(text).casefold())
        return bool(_TOWARDS.search(told.text[max(0, start - 8) : max(0, start)]))

    return sorted(said, key=lambda text: leads_there(text) != bool(named & _TO))


def sample(node: Node) -> str:
    """A text of the node's format where nothing was said."""
    return _SAMPLES.get(node.format, "")


def _playing(role: str, label: str, told: Told) -> list[Piece]:
    if role == "place":
        return _by_direction(parts_of(label), told.places(), told)
    return told.of(*_ROLES[role][1]) + (told.of("expression") if role == "code" else [])


def _by_direction(named: list[str], places: list[Piece], told: Told) -> list[Piece]:
    """Places in the order in which they answer where-from or where-to, if the property asks that."""
    wanted = "from" if _FROM & set(named) else "to" if _TO & set(named) else ""
    if not wanted:
        return places
    return sorted(
        places, key=lambda p: not re.search(rf"\b{wanted}\s+$", told.text[max(0, p.start - 12) : p.start], re.I)
    )
