"""odd.example: a site of the local web on which everything goes wrong, so that each refusal can be seen offline.

Its pages are made here and not kept as files: one is too large for that, one unfolds when it is decompressed, and one
never ends. `GET https://odd.example/` lists them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from functools import cache

from janus_platform.services.web_proxy.encoding import read_decoded

HOST = "odd.example"
BOMB_BYTES = 50_000_000
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"

_LINKS = """<h1>Links to be careful with</h1>
<p><a href="/">A link</a>, <a href="javascript:alert(document.cookie)">a script</a>,
<a href="java&#10;script:alert(1)">one with a line break in its name</a>,
<a href="&#106;avascript&colon;alert(1)">one spelled in entities</a>,
<a href="data:text/html,hello">a page inside its own address</a>,
<a href="file:///etc/passwd">a file</a> and
<img src="data:image/png;base64,AAAA" alt="a picture inside its address">.</p>
"""
_PAGES: dict[str, tuple[str, bytes]] = {
    "/links": (HTML, _LINKS.encode()),
    "/deep": (HTML, b"<div>" * 5_000 + b"deep down" + b"</div>" * 5_000),
    "/empty": (HTML, b"<body><div id=root></div><script>draw()</script></body>"),
    "/disguised": (HTML, b"%PDF-1.7 a PDF that its server calls HTML"),
    "/untyped": ("", b"What is this?"),
}
_REDIRECTS = {"/loop": "/loop", "/inside": "http://169.254.169.254/latest/meta-data/", "/mail": "mailto:me@odd.example"}
_OTHERS = {
    "/large": "one byte more than the limit",
    "/bomb": f"{BOMB_BYTES:,} bytes, compressed",
    "/slow": "no answer at all",
    "/robots.txt": "no rules",
}


async def answer(path: str, max_bytes: int) -> tuple[int, str, bytes] | str | None:
    """What is at `path`: status, content type and at most `max_bytes` + 1 bytes; a redirect's target; or None.

    `/slow` does not return: whoever calls ends it.
    """
    if path in _REDIRECTS:
        return _REDIRECTS[path]
    if path in _PAGES:
        kind, body = _PAGES[path]
        return 200, kind, body[: max_bytes + 1]
    match path:
        case "/":
            return 200, "application/json", json.dumps(sorted({*_PAGES, *_REDIRECTS, *_OTHERS})).encode()
        case "/robots.txt":
            return 200, TEXT, b"User-agent: *\nDisallow:\n"
        case "/large":
            return 200, TEXT, b"x" * (max_bytes + 1)
        case "/bomb":
            return 200, TEXT, await read_decoded(_blocks(await asyncio.to_thread(_bomb)), ["gzip"], max_bytes + 1)
        case "/slow":
            await asyncio.Event().wait()
    return None


@cache
def _bomb() -> bytes:
    return gzip.compress(b"0" * BOMB_BYTES)


async def _blocks(body: bytes) -> AsyncIterator[bytes]:
    yield body
