"""A body as it comes over the wire, decoded block by block (RFC 9110, 8.4): never more than asked for, never less.

What would unfold to gigabytes stops at the limit; what ends before its own end is an error, not a shorter page.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterable

from janus_platform.services import ServiceError

# A page in more pieces than this was not compressed by a web server.
MAX_MEMBERS = 64
_GZIP = frozenset({"gzip", "x-gzip"})
_GZIP_MAGIC = b"\x1f\x8b"


class ContentEncodingError(ServiceError):
    """The body's encoding is unknown or damaged; the message says which."""


async def read_decoded(blocks: AsyncIterable[bytes], content_encoding: Iterable[str], limit: int) -> bytes:
    """The decoded body, cut at `limit` bytes; raw bytes that decode to nothing count as well.

    `content_encoding` are the values of all headers of that name. Raises ContentEncodingError.
    """
    decoder = _decoder(content_encoding)
    body, raw = bytearray(), 0
    async for block in blocks:
        raw += len(block)
        body += decoder.feed(block, limit - len(body))
        if len(body) >= limit:
            return bytes(body)
        if raw > limit:
            raise ContentEncodingError("its compressed answer is longer than what it holds")
    decoder.check_end(raw)
    return bytes(body)


def _decoder(content_encoding: Iterable[str]) -> Plain | Inflater:
    names = [name.strip().lower() for value in content_encoding for name in value.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return Plain()
    if len(names) > 1:
        raise ContentEncodingError("it compressed its answer several times over")
    if names[0] not in _GZIP and names[0] != "deflate":
        # Not asked for, so an honest server does not send it.
        raise ContentEncodingError(f"it answered in the encoding {names[0][:40]}")
    return Inflater(names[0])


class Plain:
    """Bytes as they are."""

    def feed(self, block: bytes, most: int) -> bytes:
        """The first `most` bytes of `block`."""
        return block[:most]

    def check_end(self, raw: int) -> None:
        """A plain body ends where it ends."""


class Inflater:
    """gzip, in one or more members (RFC 1952, 2.2), or deflate, with its zlib wrapper (RFC 1950) or without."""

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding in _GZIP
        self._member: zlib._Decompress | None = None
        self._members = 0
        self._waiting = b""
        self._ended = False

    def feed(self, block: bytes, most: int) -> bytes:
        """At most `most` (1 or more) decoded bytes; what does not fit stays undecoded. Raises ContentEncodingError."""
        block, self._waiting, out = self._waiting + block, b"", b""
        while block and not self._ended and len(out) < most:
            if self._member is None and not self._begin(block):
                break
            assert self._member is not None
            try:
                out += self._member.decompress(block, most - len(out))
            except zlib.error:
                raise ContentEncodingError("its compressed answer is damaged") from None
            if not self._member.eof:
                break
            block, self._member = self._member.unused_data, None
            self._ended = not self._is_gzip
        return out

    def check_end(self, raw: int) -> None:
        """Raises ContentEncodingError when `raw` bytes came and a member is not complete."""
        if raw and (self._member is not None or not self._members):
            raise ContentEncodingError("its compressed answer ends too early")

    def _begin(self, block: bytes) -> bool:
        """Begin the member that `block` starts with. False when it is too short to tell, or is no member."""
        if len(block) < 2:
            self._waiting = block
            return False
        if self._members and not block.startswith(_GZIP_MAGIC):
            self._ended = True  # Browsers, too, leave out what follows the last member.
            return False
        if self._members == MAX_MEMBERS:
            raise ContentEncodingError("its compressed answer has too many parts")
        self._members += 1
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16 if self._is_gzip else _deflate_bits(block))
        return True


def _deflate_bits(block: bytes) -> int:
    # The two bytes of zlib's wrapper are a multiple of 31 (RFC 1950, 2.2); many servers leave the wrapper out.
    has_wrapper = block[0] & 15 == 8 and int.from_bytes(block[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_wrapper else -zlib.MAX_WBITS
