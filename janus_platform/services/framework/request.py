"""Read a request and check it by the contract: JSON bodies and query strings.

A body is JSON whatever its Content-Type says: `curl -d` sends JSON under a form's name, and refusing it would teach
nobody anything. It must be UTF-8 (RFC 8259, 8.1), name no field twice, and hold no number or text that JSON cannot
carry back. Unknown fields are kept: a service may know more than the contract. A misspelt one is named beside the
field that is missing.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from janus_platform.contract import Parameter, Service
from janus_platform.services import ServiceError
from janus_platform.services.framework.problem import Problem, bad_request, invalid_field, too_large

MAX_BODY_BYTES = 1_000_000
# What is parsed on the event loop, and how many values, fields and entries a larger body may have.
SMALL_BYTES, MAX_PARTS = 64_000, 50_000
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "any": (object,),
}
_SAMPLES: dict[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "object": {},
    "any": None,
}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


async def read_json(request: Request, service: Service, *, max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The body as an object, with the contract's parameters checked and their defaults filled in.

    Unknown fields are kept. Raises Problem: 400 when the body is not a JSON object, 413 over `max_bytes`, 415 when it
    is compressed, 422 naming the field that is missing, of the wrong type or out of bounds.
    """
    return await read_object(request, service.all_parameters, max_bytes=max_bytes)


async def read_object(
    request: Request, parameters: Iterable[Parameter], *, max_bytes: int = MAX_BODY_BYTES
) -> dict[str, Any]:
    """As read_json, by the `parameters` of any endpoint."""
    body = await read_body(request, max_bytes)
    if len(body) <= SMALL_BYTES:
        return parse_object(body, parameters)
    # In a thread, with what keeps the interpreter to itself for long refused first: see _refuse_many_parts.
    return await asyncio.to_thread(_parse_large, body, tuple(parameters))


def parse_object(body: bytes, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """As read_object, of a body that has been read. It takes a second for 10 MB: no work for a loop."""
    parameters = tuple(parameters)
    values = _parsed(body, _example(parameters))
    missing = "Send it as a JSON {type}."
    return {**values, **{p.name: _checked(p, values.get(p.name), values, missing) for p in parameters}}


def read_query(request: Request, service: Service) -> dict[str, Any]:
    """The query parameters that the contract names, as their JSON types. Raises Problem 422 naming the parameter."""
    sent = request.query_params
    values = {}
    for parameter in service.all_parameters:
        texts = sent.getlist(parameter.name)
        if len(texts) > 1:
            raise invalid_field(parameter.name, f"`{parameter.name}` stands there {len(texts)} times. Send it once.")
        value = _from_text(parameter, texts[0]) if texts else None
        values[parameter.name] = _checked(parameter, value, sent, f"Add it to the address: ?{parameter.name}=…")
    return values


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body's bytes. Raises Problem: 400 where it breaks off, 413 over `max_bytes`, 415 when it is compressed."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem(
            415,
            "unsupported-encoding",
            "The body is compressed",
            "This service reads plain bodies only. Send it again without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > max_bytes:
                raise too_large(max_bytes)
            parts.append(part)
    except ClientDisconnect:
        raise bad_request("The connection ended before the body did. Send it again.") from None
    return b"".join(parts)


def _parse_large(body: bytes, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    _refuse_many_parts(body, _example(parameters))
    return parse_object(body, parameters)


def _refuse_many_parts(body: bytes, example: str) -> None:
    """`json.loads` lets nothing else run: 1 MB of text takes it 1 ms, 1 MB of brackets 30."""
    if _marks(body) <= MAX_PARTS:
        return
    without_escapes = body.replace(rb"\\", b"").replace(rb"\"", b"")
    # A part is a name and a value, so it has at most two strings; what has more is not looked through.
    if (
        without_escapes.count(b'"') > 4 * (MAX_PARTS + 1)
        or _marks(b"".join(without_escapes.split(b'"')[::2])) > MAX_PARTS
    ):
        raise bad_request(
            f"The body is not valid JSON, or has more than {MAX_PARTS:,} parts. Send an object such as {example}."
        )


def _marks(text: bytes) -> int:
    return sum(text.count(mark) for mark in b"[{,")


def _parsed(body: bytes, example: str) -> dict[str, Any]:
    if not body.strip():
        raise bad_request(f"The body is empty. Send a JSON object such as {example}.")
    try:
        text = body.decode("utf-8-sig")
        values = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
    except _JsonError as error:
        raise bad_request(f"{error} An object such as {example} is right.") from None
    except (ValueError, RecursionError):
        raise bad_request(f"The body is not valid JSON in UTF-8. Send an object such as {example}.") from None
    if not isinstance(values, dict):
        raise bad_request(f"The body must be a JSON object such as {example}.")
    if "\\ud" in text.lower():  # Only an escape can bring a surrogate in.
        _refuse_lone_surrogates(values)
    return values


class _JsonError(ServiceError):
    """Text that a JSON parser takes and this service does not; the message says why."""


def _no_constant(name: str) -> NoReturn:
    raise _JsonError(f"{name} is not JSON (RFC 8259, section 6). Send a number or null.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _JsonError("The body holds a number beyond what a double can carry. Send a smaller one.")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        # Which of the two is meant, parsers disagree about (RFC 8259, section 4).
        raise _JsonError("The body names one field twice. Send each field once.")
    return values


def _refuse_lone_surrogates(values: dict[str, Any]) -> None:
    waiting: list[tuple[str, Any]] = [("", values)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and not _is_unicode(value):
            raise invalid_field(path, f"`{path[:100]}` holds a lone surrogate; send valid Unicode.")
        if isinstance(value, list):
            waiting += [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        if isinstance(value, dict):
            if not all(map(_is_unicode, value)):
                raise bad_request("The name of a field holds a lone surrogate. Send valid Unicode.")
            waiting += [(f"{path}.{name}".lstrip("."), item) for name, item in value.items()]


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _example(parameters: Iterable[Parameter]) -> str:
    shown = [p for p in parameters if p.since is None and (p.required or p.default is not None)]
    values = {p.name: _SAMPLES[p.type] if p.default is None else p.default for p in shown}
    return json.dumps(values, ensure_ascii=False)


def _from_text(parameter: Parameter, text: str) -> Any:
    """A query string's text as the parameter's JSON type; text that is none is left as it is, for the check to name."""
    if parameter.type == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    if parameter.type in ("integer", "number"):
        try:
            return int(text) if parameter.type == "integer" else _finite(text)
        except (ValueError, _JsonError):
            return text
    return text


def _checked(parameter: Parameter, value: Any, sent: Iterable[str], how_to_send: str) -> Any:
    name = parameter.name
    if value is None:
        if parameter.required:
            hint = how_to_send.format(type=parameter.type) + _misspelt(name, sent)
            raise invalid_field(name, f"`{name}` is missing. {hint}")
        return list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    if parameter.type == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)  # 5.0 is an integer (JSON Schema 2020-12, core 4.2.3).
    is_wrong_bool = isinstance(value, bool) and parameter.type not in ("boolean", "any")
    if is_wrong_bool or not isinstance(value, _PYTHON_TYPES[parameter.type]):
        raise invalid_field(name, f"`{name}` must be of JSON type {parameter.type}.")
    if isinstance(value, str):
        _check_string(parameter, value)
    elif isinstance(value, int | float):
        _check_number(parameter, value)
    _check_length(parameter, value)
    return value


def _misspelt(name: str, sent: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, [other for other in sent if len(other) <= 2 * len(name)], n=1)
    return f" You sent `{close[0]}`." if close else ""


def _check_number(parameter: Parameter, value: float) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
        raise invalid_field(parameter.name, f"`{parameter.name}` must be {' and '.join(bounds)}.")


def _check_string(parameter: Parameter, value: str) -> None:
    if parameter.required and not value.strip():
        raise invalid_field(parameter.name, f"`{parameter.name}` is empty. Send some text.")
    if parameter.enum and value not in parameter.enum:
        raise invalid_field(parameter.name, f"`{parameter.name}` must be one of: {', '.join(parameter.enum)}.")


def _check_length(parameter: Parameter, value: Any) -> None:
    most = parameter.max_length
    if most is None or not isinstance(value, str | list) or len(value) <= most:
        return
    unit = "characters" if isinstance(value, str) else "entries"
    raise invalid_field(parameter.name, f"`{parameter.name}` may have at most {most} {unit}. Shorten it.")
