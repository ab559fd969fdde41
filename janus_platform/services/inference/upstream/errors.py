"""What an upstream's failures become: errors in OpenAI's shape that say whose fault it is and what to do."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from janus_platform.services.inference.errors import ApiError

MAX_ERROR_BYTES, MAX_MESSAGE = 64_000, 1_000


def unreachable(name: str) -> ApiError:
    """503: no connection."""
    message = f"The {name} cannot be reached. Start it, or unset JANUS_INFERENCE_UPSTREAM and start the platform again."
    return ApiError(503, message, code="upstream_unreachable")


def too_slow(name: str) -> ApiError:
    """504: its time is over."""
    return ApiError(504, f"The {name} did not answer in time. Send the request again.", code="upstream_timeout")


def cut_short(name: str, how: str) -> ApiError:
    """502: the answer is not complete."""
    return ApiError(502, f"The {name} broke off its answer: {how}. Send the request again.", code="upstream_cut_short")


def malformed(name: str, what: str) -> ApiError:
    """502: the answer is not what was asked for."""
    return ApiError(502, f"The {name} {what}. Is it an OpenAI-compatible server?", code="upstream_malformed")


async def of_response(response: aiohttp.ClientResponse, name: str) -> ApiError:
    """The error of a status other than 200. The caller's mistakes keep their status; the platform's do not."""
    value = _error_in(await _start_of(response))
    message, status = str(value.get("message") or "")[:MAX_MESSAGE], response.status
    if status in (401, 403):
        return ApiError(502, f"The {name} refused the platform's key. Set JANUS_INFERENCE_KEY.", code="upstream_key")
    if not 400 <= status <= 599:
        return malformed(name, f"answered with status {status}")
    param, code = value.get("param"), value.get("code")
    wait = retry_after(response)
    return ApiError(
        status if status < 500 else 502,
        message or f"The {name} answered with status {status}. Send the request again.",
        param=param if isinstance(param, str) else None,
        code=code if isinstance(code, str) else "upstream_error",
        headers={} if wait is None else {"Retry-After": str(int(wait))},
    )


def retry_after(response: aiohttp.ClientResponse) -> float | None:
    """The seconds of `Retry-After` (RFC 9110, 10.2.3), where they are a number."""
    value = response.headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else None


def completion_of(body: bytes, name: str) -> dict[str, Any]:
    """A JSON object. Raises ApiError when it is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise malformed(name, "did not answer with a JSON object")
    return value


def chunk_of(data: bytes, name: str) -> dict[str, Any]:
    """One chunk of a stream. Raises ApiError when it is no JSON object, or an error that the upstream sent."""
    chunk = completion_of(data, name)
    if "error" in chunk:
        value = chunk["error"] if isinstance(chunk["error"], dict) else {"message": chunk["error"]}
        message = str(value.get("message") or f"The {name} failed.")[:MAX_MESSAGE]
        raise ApiError(502, message, code="upstream_error")
    return chunk


async def _start_of(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.read(MAX_ERROR_BYTES)
    except (aiohttp.ClientError, ConnectionError):
        return b""


def _error_in(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = value.get("error") if isinstance(value, dict) else None
    return error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}
