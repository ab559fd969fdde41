"""One file over HTTPS, resumable: what came before an interruption is kept, and the next attempt asks for the rest.

Beside `FILE.part` stands `FILE.part.json` with the address and its strong entity tag. The rest is asked for with
`Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14.2), so that a file that changed meanwhile comes whole again. A
redirect may lead to HTTPS only.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from janus_platform.services.downloads.copying import BLOCK, Progress, copy_rest

# Without a byte for so long, a server is taken for gone; and where a block takes so long, it is too slow to wait for.
SILENCE_SECONDS = 30
BLOCK_SECONDS = 120
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_MAX_TAG = 1_000


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _check_scheme(newurl, "the server leads to")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str, part: Path, size: int, what: str, progress: Progress, *, seconds: float | None = None) -> str:
    """Bring `part` to its `size` in bytes from `address`; returns the SHA-256 of all of it.

    `seconds` is how long the server may be silent. Raises OSError when it cannot be reached or ends too early (what
    came stays in `part`), and ValueError when it has something else than a file of that size.
    """
    _check_scheme(address, "the address is")
    digest, done = _kept(part, address, size)
    if done == size:
        return digest.hexdigest()
    opener = urllib.request.build_opener(_HttpsOnly, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    headers = {"Accept-Encoding": "identity", "User-Agent": "janus"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": _state(part)["etag"]}
    request = urllib.request.Request(address, headers=headers)
    try:
        with opener.open(request, timeout=seconds or SILENCE_SECONDS) as response:
            sha256 = _receive(response, address, part, size, done, digest, what, progress)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            discard(part)
        raise OSError(f"the server answered {error.code} {error.reason}") from error
    except http.client.HTTPException as error:
        raise OSError(f"the server broke off: {error}") from error
    if (come := part.stat().st_size) < size:
        raise OSError(f"the connection ended after {come:,} of {size:,} bytes")
    return sha256


class _Paced:
    """A response whose blocks come in bounded time: a server that sends a byte now and then holds nobody for ever."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def read(self, count: int) -> bytes:
        """`count` bytes, fewer at the end. Raises OSError where they do not come in time."""
        come, deadline = bytearray(), time.monotonic() + BLOCK_SECONDS
        while len(come) < count and (some := self._response.read1(count - len(come))):
            come += some
            if time.monotonic() > deadline:
                raise OSError(f"the server is too slow: {len(come):,} bytes in {BLOCK_SECONDS} s")
        return bytes(come)


def discard(part: Path) -> None:
    """Forget what came so far."""
    part.unlink(missing_ok=True)
    _state_file(part).unlink(missing_ok=True)


def _receive(
    response: Any,
    address: str,
    part: Path,
    size: int,
    done: int,
    digest: hashlib._Hash,
    what: str,
    progress: Progress,
) -> str:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ValueError("the server sends the file encoded")
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if told is None or int(told[1]) != done or int(told[3]) != size:
            discard(part)
            raise ValueError("the server sends a different part of the file from the one requested")
    else:
        length = response.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length) != size:
            raise ValueError(f"the server has {int(length):,} bytes, and {what} has {size:,}")
        digest, done = hashlib.sha256(), 0
        _note(part, address, response.headers.get("ETag", ""))
    with part.open("r+b" if done else "wb") as out:
        out.seek(done)
        return copy_rest(_Paced(response), out, done, size, what, progress, digest)


def _kept(part: Path, address: str, size: int) -> tuple[hashlib._Hash, int]:
    """What is in `part` already, hashed, and how many bytes; nothing where it is not known to belong to `address`."""
    digest, done = hashlib.sha256(), 0
    if _state(part).get("address") != address:
        discard(part)
        return digest, 0
    with contextlib.suppress(FileNotFoundError), part.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
    if done <= size:
        return digest, done
    discard(part)
    return hashlib.sha256(), 0


def _state_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _state(part: Path) -> dict[str, str]:
    """Address and entity tag of what is in `part`; empty where nothing may be resumed."""
    try:
        raw = json.loads(_state_file(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(raw, dict) or not all(isinstance(raw.get(key), str) for key in ("address", "etag")):
        return {}
    return raw


def _note(part: Path, address: str, tag: str) -> None:
    """Write down what the file that begins can be resumed by; a weak tag, or none, says nothing about its bytes."""
    state = _state_file(part)
    if tag.startswith('"') and len(tag) <= _MAX_TAG:
        state.write_text(json.dumps({"address": address, "etag": tag}), encoding="utf-8")
    else:
        state.unlink(missing_ok=True)


def _check_scheme(address: str, who: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{who} {address[:200]!r}, and only https is accepted")
