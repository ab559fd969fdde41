"""Janus Chat: a page of plain HTML, CSS and JavaScript modules that the gateway serves at its root.

Nothing is built and nothing is loaded from elsewhere: markdown-it lies beside the page's modules, as npm has it
(`static/vendored.json`). The Content-Security-Policy (W3C CSP 3, Trusted Types) lets the page run its own modules only,
turns no text into markup, and sends nothing to any other address. What a model writes reaches the page as text nodes
(`static/markdown.js`): the policy is the second line of defence, not the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Headers = list[tuple[bytes, bytes]]

FOLDER = Path(__file__).with_name("static")
INDEX = "index.html"
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
# Pictures that an answer brings are data URLs: they stand in the event itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_SECURITY_HEADERS: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


@dataclass(frozen=True)
class PageFile:
    """One file of the page as it is sent: `etag` is made of its content."""

    content_type: bytes
    body: bytes
    etag: str

    def answer(self, if_none_match: str) -> tuple[int, Headers, bytes]:
        """Status, headers and body of a GET; 304 without a body if the client has it (RFC 9110, section 13.1.2)."""
        # Kept, but asked for each time: a new version of the platform never meets yesterday's script.
        headers = [*_SECURITY_HEADERS, (b"etag", self.etag.encode()), (b"cache-control", b"no-cache")]
        known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        if known & {self.etag, "*"}:
            return 304, headers, b""
        length = str(len(self.body)).encode()
        return 200, [(b"content-type", self.content_type), (b"content-length", length), *headers], self.body


def load_page(root: str) -> Mapping[str, PageFile]:
    """Every file of the page by its path: the document at `root`, which ends in a slash, the others below `chat/`."""
    files = {}
    for path in sorted(FOLDER.iterdir()):
        if content_type := _TYPES.get(path.suffix):
            body = path.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            files[root if path.name == INDEX else f"{root}chat/{path.name}"] = PageFile(content_type, body, etag)
    return files
