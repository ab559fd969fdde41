"""The jobs of worker processes for a large request: read it, answer it, write it anew. See `processes.workers`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from janus_platform.contract import InferenceLimits, Model, Parameter
from janus_platform.services.framework.problem import Problem
from janus_platform.services.framework.request import parse_object
from janus_platform.services.inference.chat import ChatRequest, read_chat
from janus_platform.services.inference.embeddings import read_embedding
from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.local.engine import answer_to

Result = tuple[dict[str, Any], bytes]
Job = TypeVar("Job", bound=Callable[..., Result])


def _with_errors(job: Job) -> Job:
    """The job, with its error as a result."""

    @wraps(job)
    def wrapped(*args: Any, **options: Any) -> Result:
        try:
            return job(*args, **options)
        except Problem as problem:
            return {"error": ApiError.of(problem).as_arguments()}, b""
        except ApiError as error:
            return {"error": error.as_arguments()}, b""

    return cast(Job, wrapped)


def _chat(body: bytes, parameters: tuple[Parameter, ...], limits: InferenceLimits) -> ChatRequest:
    return read_chat(parse_object(body, parameters), limits)


@_with_errors
def head(body: bytes, *, parameters: tuple[Parameter, ...], limits: InferenceLimits) -> Result:
    """The fields of a chat request that decide where it goes; the whole of it is checked."""
    request = _chat(body, parameters, limits)
    named = ("model", "stream", "include_usage", "n")
    return {name: getattr(request, name) for name in named}, b""


@_with_errors
def answer(
    body: bytes,
    *,
    parameters: tuple[Parameter, ...],
    limits: InferenceLimits,
    models: Mapping[str, Model],
    reasoning_field: str,
) -> Result:
    """The local engine's answer."""
    return answer_to(_chat(body, parameters, limits), models, limits, reasoning_field).packed(), b""


@_with_errors
def renamed(body: bytes, *, parameters: tuple[Parameter, ...], limits: InferenceLimits, model: str) -> Result:
    """The body with another model's name, as an upstream gets it."""
    values = _chat(body, parameters, limits).body
    kept = {name: value for name, value in values.items() if value is not None}
    return {}, json.dumps({**kept, "model": model}).encode()


@_with_errors
def texts(body: bytes, *, parameters: tuple[Parameter, ...], limits: InferenceLimits) -> Result:
    """An embedding request: its fields, how many bytes each text has, and the texts in UTF-8, one after the other."""
    request = read_embedding(parse_object(body, parameters), limits)
    written = [text.encode() for text in request.texts]
    fields = {"model": request.model, "encoding": request.encoding, "dimensions": request.dimensions}
    return {"fields": fields, "lengths": [len(text) for text in written]}, b"".join(written)
