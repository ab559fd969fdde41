"""The small checks that a request's validation is made of: each takes a field's path and its value.

A check raises ResponseError 400 whose `param` is that path, such as `messages[0].content[1].text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from janus_platform.gateway.errors import invalid_field

Check = Callable[[str, Any], None]


def text(where: str, value: Any) -> None:
    """A string with something in it."""
    if not isinstance(value, str) or not value:
        raise invalid_field(where, f"{where} must be a non-empty string.")
    unicode(where, value)


def any_text(where: str, value: Any) -> None:
    """A string, which may be empty."""
    if not isinstance(value, str):
        raise invalid_field(where, f"{where} must be a string.")
    unicode(where, value)


def unicode(where: str, value: str) -> None:
    """JSON's escapes can spell half of a surrogate pair, which is no character and cannot be written as UTF-8."""
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise invalid_field(where, f"{where} holds half of a surrogate pair. Send whole characters.")


def boolean(where: str, value: Any) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise invalid_field(where, f"{where} must be true or false.")


def an_object(where: str, value: Any) -> None:
    """A JSON object."""
    if not isinstance(value, dict):
        raise invalid_field(where, f"{where} must be a JSON object.")


def number(low: float, high: float, *, whole: bool = False) -> Check:
    """A number from `low` to `high`; an integer where `whole` is asked for, which 100.0 is (JSON Schema, 4.2.3)."""
    noun = "an integer" if whole else "a number"

    def check(where: str, value: Any) -> None:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        if not fits or (whole and value != int(value)):
            raise invalid_field(where, f"{where} must be {noun} between {_exact(low)} and {_exact(high)}.")

    return check


def _exact(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def one_of(*values: str) -> Check:
    """One of these strings."""

    def check(where: str, value: Any) -> None:
        if not isinstance(value, str) or value not in values:
            raise invalid_field(where, f"{where} must be one of: {', '.join(values)}.")

    return check


def list_of(check: Check, *, most: int, least: int = 0) -> Check:
    """A list of `least` to `most` entries, each of which `check` accepts."""

    def check_list(where: str, value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            how_many = f"{least} to {most}" if least else f"at most {most}"
            raise invalid_field(where, f"{where} must be a list of {how_many} entries.")
        for position, entry in enumerate(value):
            check(f"{where}[{position}]", entry)

    return check_list


def map_of(check: Check, *, most: int) -> Check:
    """An object of at most `most` members, whose values `check` accepts."""

    def check_map(where: str, value: Any) -> None:
        an_object(where, value)
        if len(value) > most:
            raise invalid_field(where, f"{where} must have at most {most} members.")
        for name, entry in value.items():
            check(f"{where}.{name[:64]}", entry)

    return check_map


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members; null means "not sent", and members that are not named pass."""

    def check_record(where: str, value: Any) -> None:
        an_object(where, value)
        for name, check in required.items():
            if value.get(name) is None:
                raise invalid_field(f"{where}.{name}", f"{where}.{name} is missing.", code="missing_required_parameter")
            check(f"{where}.{name}", value[name])
        for name, check in (optional or {}).items():
            if value.get(name) is not None:
                check(f"{where}.{name}", value[name])

    return check_record


def tagged(tag: str, kinds: Mapping[str, Check], *, closed: bool = False) -> Check:
    """An object whose member `tag` says which of the checks it must pass; none, for a kind that is not among them.

    Where the kinds are `closed`, there are no others.
    """
    known = one_of(*kinds) if closed else text

    def check(where: str, value: Any) -> None:
        an_object(where, value)
        known(f"{where}.{tag}", value.get(tag))
        if value[tag] in kinds:
            kinds[value[tag]](where, value)

    return check


def either(kind: type, when: Check, otherwise: Check) -> Check:
    """`when` for a value of that Python type, else `otherwise`, whose error is the one shown."""

    def check(where: str, value: Any) -> None:
        (when if isinstance(value, kind) else otherwise)(where, value)

    return check
