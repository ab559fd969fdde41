"""Whether an artifact really is a picture: PNG and SVG, decoded with the standard library.

A signature is not enough: a PNG's chunks must have right checksums, its pixels must inflate to exactly the size that
the header states, and rows must differ; an SVG must parse and draw something. Nothing is rendered.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from dataclasses import dataclass

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXEL_BYTES = 64 * 1024 * 1024
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # PNG colour type to samples per pixel (PNG, third edition, table 8)
_MIN_DISTINCT_ROWS = 8  # an empty page, filtered in any way, has two or three; the thinnest line plot has dozens
_DRAWING = {"path", "line", "polyline", "polygon", "rect", "circle", "ellipse", "text", "image", "use"}


class PictureError(ValueError):
    """Not a picture; the message says what is wrong."""


@dataclass(frozen=True)
class Picture:
    """Size in pixels (SVG: user units)."""

    width: float
    height: float


def decode(media_type: str, data: str) -> Picture:
    """Decode base64 `data` as `media_type` (image/png or image/svg+xml). Raises PictureError."""
    raw = raw_bytes(data)
    if media_type == "image/png":
        return decode_png(raw)
    if media_type == "image/svg+xml":
        return decode_svg(raw)
    raise PictureError(f"{media_type!r} is no picture type that can be checked")


def raw_bytes(data: str) -> bytes:
    """The bytes of an artifact's base64 `data`. Raises PictureError."""
    if len(data) > MAX_BYTES * 4 // 3:
        raise PictureError("the picture is larger than the limit")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise PictureError("the data are not base64") from None


def decode_png(raw: bytes) -> Picture:
    """Check a whole PNG: signature, checksums, pixels, and that it is not blank. Raises PictureError."""
    if not raw.startswith(_SIGNATURE):
        raise PictureError("no PNG signature")
    header, _, pixels = png_chunks(raw)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width < 1 << 16 and 0 < height < 1 << 16) or colour not in _CHANNELS or depth not in (1, 2, 4, 8, 16):
        raise PictureError("the PNG header is not valid")
    row = 1 + -(-width * _CHANNELS[colour] * depth // 8)
    if row * height > MAX_PIXEL_BYTES:
        raise PictureError("the picture is larger than the limit")
    rows = inflate(pixels, MAX_PIXEL_BYTES)
    if not interlace and len(rows) != row * height:
        raise PictureError("the pixels do not fill the picture")
    if len({rows[start : start + row] for start in range(0, len(rows), row)}) < _MIN_DISTINCT_ROWS:
        raise PictureError("the picture is blank")
    return Picture(width, height)


def decode_svg(raw: bytes) -> Picture:
    """Check an SVG: it parses, has a size, and draws at least one thing. Raises PictureError.

    Document types and entities are refused unread: they are how XML turns a few bytes into gigabytes.
    """
    from xml.etree import ElementTree

    source = raw.decode("utf-8", "replace")
    if "<!ENTITY" in source or any("[" in rest.partition(">")[0] for rest in source.split("<!DOCTYPE")[1:]):
        raise PictureError("the SVG defines entities")
    try:
        root = ElementTree.fromstring(source)
    except (ElementTree.ParseError, ValueError):
        raise PictureError("the SVG does not parse") from None
    if root.tag.rpartition("}")[2] != "svg":
        raise PictureError("the root element is not svg")
    names = {element.tag.rpartition("}")[2] for element in root.iter() if isinstance(element.tag, str)}
    if not names & _DRAWING:
        raise PictureError("the picture is blank")
    return _svg_size(root.get("width", ""), root.get("height", ""), root.get("viewBox", ""))


def _svg_size(width: str, height: str, box: str) -> Picture:
    sizes = [re.match(r"\s*(\d+(?:\.\d+)?)(?!\s*%)", value) for value in (width, height)]
    values = [float(match[1]) if match else 0.0 for match in sizes]
    frame = re.findall(r"-?\d+(?:\.\d+)?", box)
    if not all(values) and len(frame) == 4:
        values = [float(frame[2]), float(frame[3])]
    if min(values) <= 0:
        raise PictureError("the SVG has no size")
    return Picture(*values)


def png_chunks(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """The content of IHDR and PLTE, and all IDAT data; every checksum is verified. Raises PictureError."""
    header, palette, data, at = b"", b"", bytearray(), len(_SIGNATURE)
    while at + 12 <= len(raw):
        size, name = struct.unpack_from(">I4s", raw, at)
        content = raw[at + 8 : at + 8 + size]
        if len(content) != size or raw[at + 8 + size : at + 12 + size] != struct.pack(">I", zlib.crc32(name + content)):
            raise PictureError("a PNG chunk is cut or has a wrong checksum")
        at += 12 + size
        if name == b"IHDR":
            header = content
        elif name == b"PLTE":
            palette = content
        elif name == b"IDAT":
            data += content
        elif name == b"IEND":
            break
    else:
        raise PictureError("the PNG has no end")
    if len(header) != 13 or not data:
        raise PictureError("the PNG has no header or no pixels")
    return header, palette, bytes(data)


def inflate(data: bytes, limit: int) -> bytes:
    """The inflated data. Raises PictureError where they are broken, or larger than `limit`."""
    inflater = zlib.decompressobj()
    try:
        rows = inflater.decompress(data, limit)
    except zlib.error:
        raise PictureError("the pixels do not inflate") from None
    if inflater.unconsumed_tail:
        raise PictureError("the picture is larger than the limit")
    return rows
