"""Whether an artifact really is a picture, and which colours it shows: PNG as Pillow decodes it, SVG as XML.

A signature is not enough: a PNG's chunks must have right checksums, its pixels must be there, and rows must differ; an
SVG must parse and draw something, and is not rendered. What a picture may cost is bounded before it is decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from janus_bench.errors import BenchError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXEL_BYTES = 64 * 1024 * 1024
TOLERANCE = 40  # of 255, a channel: between two shades of one colour, less than between two colours
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXEL_BYTES = 4  # at most, as Pillow holds them
_EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")  # Pillow's modes of at most eight bits a sample
_MIN_DISTINCT_ROWS = 8  # an empty page has one; the thinnest line plot has dozens
_DRAWING = {"path", "line", "polyline", "polygon", "rect", "circle", "ellipse", "text", "image", "use"}


class PictureError(BenchError):
    """Not a picture; the message says what is wrong."""


@dataclass(frozen=True)
class Picture:
    """Size in pixels (SVG: user units); the pixels where it has any."""

    width: float
    height: float
    image: Image | None = None

    def has_colour(self, x: float, y: float, wanted: Sequence[float]) -> bool:
        """Whether the colour at a place, given as shares of width and height from the upper left corner, is `wanted`
        (red, green, blue) within the tolerance. Raises PictureError where the colours cannot be told."""
        if self.image is None:
            raise PictureError("not a PNG, so its colours cannot be checked")
        if self.image.mode not in _EIGHT_BITS:
            raise PictureError("only PNGs with 8 bits per sample can be checked")
        columns, rows = self.image.size
        column, row = min(columns - 1, max(0, int(x * columns))), min(rows - 1, max(0, int(y * rows)))
        colour = self.image.crop((column, row, column + 1, row + 1)).convert("RGB").tobytes()
        return all(abs(got - want) <= TOLERANCE for got, want in zip(colour, wanted, strict=True))


def decode(media_type: str, data: str, *, plain: bool = False) -> Picture:
    """Decode base64 `data` as `media_type` (image/png or image/svg+xml). Raises PictureError.

    With `plain`, a PNG may have few rows that differ: flags and stripes have.
    """
    raw = raw_bytes(data)
    if media_type == "image/png":
        return decode_png(raw, plain=plain)
    if media_type == "image/svg+xml":
        return decode_svg(raw)
    raise PictureError(f"{media_type!r} is not a picture type that can be checked")


def raw_bytes(data: str) -> bytes:
    """The bytes of an artifact's base64 `data`. Raises PictureError."""
    if len(data) > MAX_BYTES * 4 // 3:
        raise PictureError("the picture is larger than the limit")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise PictureError("the data are not base64") from None


def decode_png(raw: bytes, *, plain: bool = False) -> Picture:
    """Check a whole PNG: signature, checksums, pixels, and, unless `plain`, that rows differ. Raises PictureError."""
    from PIL import Image

    if not raw.startswith(_SIGNATURE):
        raise PictureError("no PNG signature")
    width, height = struct.unpack(">II", raw[16:24].ljust(8, b"\0"))
    if width * height * _PIXEL_BYTES > MAX_PIXEL_BYTES:
        raise PictureError("the picture is larger than the limit")
    try:
        Image.open(BytesIO(raw), formats=["PNG"]).verify()
        image = Image.open(BytesIO(raw), formats=["PNG"])
        image.load()
    except Exception:  # Pillow raises whatever its readers ran into
        raise PictureError("the PNG is truncated, has a wrong checksum, or has too few pixels") from None
    pixels = image.tobytes()
    row = len(pixels) // image.height
    if not plain and len({pixels[start : start + row] for start in range(0, len(pixels), row)}) < _MIN_DISTINCT_ROWS:
        raise PictureError("the picture is blank")
    return Picture(*image.size, image)


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
    return Picture(values[0], values[1])
