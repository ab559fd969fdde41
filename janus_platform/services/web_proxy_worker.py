"""The process that converts HTML to Markdown for the web proxy, one page at a time, until its standard input ends.

Both directions carry frames: four bytes of length, big-endian, then a JSON object. A request has `html` and
`base_url`; an answer has `markdown` and `title`, or `error`. `web_proxy_converter` starts it, and kills it when a page
takes too long; its memory is limited here.
"""

from __future__ import annotations

import contextlib
import json
import struct
import sys
from typing import IO, Any

# The worst page of 1 MB that was found needs 160 MB.
MAX_MEMORY_BYTES = 768_000_000
LENGTH = struct.Struct(">I")


def main() -> None:
    """Answer frames from standard input on standard output."""
    _limit_memory()
    _answer({"html": "<p>ready</p>", "base_url": "https://localhost/"})
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read(requests)) is not None:
        answers.write(frame(_answer(request)))
        answers.flush()


def frame(message: dict[str, Any]) -> bytes:
    """`message` as it goes over the pipe."""
    body = json.dumps(message).encode()
    return LENGTH.pack(len(body)) + body


def _read(stream: IO[bytes]) -> dict[str, str] | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    message: dict[str, str] = json.loads(stream.read(LENGTH.unpack(head)[0]))
    return message


def _answer(request: dict[str, str]) -> dict[str, Any]:
    # Here and not above: the platform's own process imports this module, and has no use for the converter.
    from janus_platform.services.web_proxy_markdown import NotConvertible, to_markdown

    try:
        article = to_markdown(request["html"], request["base_url"])
    except NotConvertible as error:
        return {"error": str(error)}
    return {"markdown": article.markdown, "title": article.title}


def _limit_memory() -> None:
    # Missing on Windows, and macOS refuses the call; the time limit still holds there.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
