"""Janus Chat: a page of plain HTML, CSS and JavaScript modules that the gateway serves at its root.

Nothing is built and nothing is loaded from elsewhere: markdown-it, highlight.js and Temml lie in `static/vendor/` as
npm has them (`vendored.json` there); the last two are fetched when an answer has code or math. The
Content-Security-Policy (W3C CSP 3, Trusted Types) lets the page run its own modules only, turns no text into markup,
and sends nothing to any other address. What a model writes reaches the page as text nodes (`static/markdown.js`): the
policy is the second line of defence, not the first. Conversations stay in the browser (`static/store.js`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from janus_platform.contract import Contract
from janus_platform.drawing import alone

Headers = list[tuple[bytes, bytes]]

FOLDER = Path(__file__).with_name("static")
INDEX = "index.html"
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".woff2": b"font/woff2",
}
# Temml's small build is a classic script; as a module it must say what it hands out.
_EXPORTS = {"vendor/temml.min.js": b"\nexport default temml;\n"}
# Pictures that an answer brings are data URLs: they stand in the event itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
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


def load_page(contract: Contract) -> Mapping[str, PageFile]:
    """Every file of the page by its path: the document at the page's path, the others below `chat/` beside it."""
    root = contract.gateway.page_path
    files = {f"{root}chat/facts.js": _file(".js", _facts(contract))}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            name = path.relative_to(FOLDER).as_posix()
            body = path.read_bytes() + _EXPORTS.get(name, b"")
            files[root if name == INDEX else f"{root}chat/{name}"] = _file(path.suffix, body)
    return files


def drawn(kind: str, states: Mapping[str, bool]) -> tuple[int, Headers, bytes]:
    """Status, headers and body of the drawing of the platform, with which parts answer at the moment."""
    body = gzip.compress(alone(kind, states).encode(), mtime=0)
    # Its colours stand in the file itself, and it loads nothing.
    policy = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")
    headers = [
        (b"content-type", _TYPES[".svg"]),
        (b"content-encoding", b"gzip"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        policy,
        *(header for header in _SECURITY_HEADERS if header[0] != policy[0]),
    ]
    return 200, headers, body


def _file(suffix: str, body: bytes) -> PageFile:
    return PageFile(_TYPES[suffix], body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _facts(contract: Contract) -> bytes:
    """The module with the limits of a request that the page must keep to; sizes in bytes."""
    limits = contract.inference.limits
    facts = {
        "defaultModel": contract.gateway.default_model,
        "maxBodyBytes": contract.gateway.max_body_bytes,
        "maxPictures": limits.max_images,
        "maxPictureBytes": limits.max_image_bytes,
    }
    return f"export const FACTS = Object.freeze({json.dumps(facts)});\n".encode()
