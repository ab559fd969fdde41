"""The process that makes text of pages for the web proxy, one at a time, until its standard input ends.

Decoding, too, is done here: a hostile body can take some ten milliseconds, which the platform's event loop has not.
Both directions carry frames: two lengths of four bytes, big-endian, then a JSON object and a body. A request has
`base_url` and `content_type`, and the page as it came; an answer has `title`, or `error`, and the text in UTF-8.
`converter` starts it, and kills it when a page takes too long; its memory is limited here.
"""

from __future__ import annotations

import contextlib
import json
import struct
import sys
from typing import IO, Any

# The worst page of 1 MB that was found needs 160 MB.
MAX_MEMORY_BYTES = 768_000_000
LENGTHS = struct.Struct(">II")
HTML = frozenset({"text/html", "application/xhtml+xml"})


def main() -> None:
    """Answer frames from standard input on standard output."""
    _limit_memory()
    _answer({"content_type": "text/html", "base_url": "https://localhost/"}, b"<p>ready</p>")
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read(requests)) is not None:
        answers.write(frame(*_answer(*request)))
        answers.flush()


def frame(head: dict[str, Any], body: bytes) -> bytes:
    """`head` and `body` as they go over the pipe."""
    encoded = json.dumps(head).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body


def media_type(content_type: str) -> str:
    """The type and subtype in a `Content-Type`, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def convert(body: bytes, content_type: str, base_url: str) -> tuple[str, str]:
    """The text and the title of a document, Markdown where it is HTML. Raises NotConvertibleError."""
    # Here and not above: the platform's own process imports this module, and has no use for the converter.
    from janus_platform.services.framework.invisible import without_invisible
    from janus_platform.services.web_proxy.charset import decode
    from janus_platform.services.web_proxy.markdown import to_markdown

    text = decode(body, content_type)
    if media_type(content_type) not in HTML:
        return without_invisible(text), ""
    article = to_markdown(text, base_url)
    return article.markdown, article.title


def _read(stream: IO[bytes]) -> tuple[dict[str, str], bytes] | None:
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_bytes, body_bytes = LENGTHS.unpack(lengths)
    head: dict[str, str] = json.loads(stream.read(head_bytes))
    return head, stream.read(body_bytes)


def _answer(request: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    from janus_platform.services.web_proxy.markdown import NotConvertibleError

    try:
        text, title = convert(body, request["content_type"], request["base_url"])
    except NotConvertibleError as error:
        return {"error": str(error)}, b""
    return {"title": title}, text.encode("utf-8", "replace")


def _limit_memory() -> None:
    # Missing on Windows, and macOS refuses the call; the time limit still holds there.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
