"""The colours of a PNG, read with the standard library: what a picture shows, and not only that it is one.

Eight bits a sample, not interlaced: what plotting libraries write. The filters are undone as the standard says (PNG,
third edition, section 9).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from janus_bench.checks import pictures

TOLERANCE = 40  # of 255, a channel: between two shades of one colour, less than between two colours
MAX_PIXELS = 1_000_000  # decoding a row takes Python a while
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class Raster:
    """A picture's pixels: `rows` of samples, `channels` a pixel; `palette` where the samples are numbers of colours."""

    width: int
    height: int
    channels: int
    rows: Sequence[bytes]
    palette: bytes

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """Red, green, blue at a place, given as shares of width and height from the upper left corner."""
        column = min(self.width - 1, max(0, int(x * self.width)))
        row = self.rows[min(self.height - 1, max(0, int(y * self.height)))]
        samples = row[column * self.channels : (column + 1) * self.channels]
        if self.palette:
            samples = self.palette[3 * samples[0] : 3 * samples[0] + 3]
        if len(samples) < 3:
            samples = samples[:1] * 3
        if len(samples) < 3:
            raise pictures.PictureError("a colour that the palette lacks")
        return samples[0], samples[1], samples[2]

    def has_colour(self, x: float, y: float, wanted: Sequence[float]) -> bool:
        """Whether the colour at a place lies within the tolerance of the wanted one."""
        return all(abs(got - want) <= TOLERANCE for got, want in zip(self.colour(x, y), wanted, strict=True))


def read_png(raw: bytes) -> Raster:
    """The pixels of a PNG. Raises PictureError for one that is broken, too large, or of a kind not read here."""
    header, palette, packed = pictures.png_chunks(raw)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if depth != 8 or interlace or colour not in _CHANNELS:
        raise pictures.PictureError("only PNGs of 8 bits a sample, not interlaced, are looked at")
    if not 0 < width * height <= MAX_PIXELS:
        raise pictures.PictureError("the picture is too large to be looked at")
    channels = _CHANNELS[colour]
    data = pictures.inflate(packed, (1 + width * channels) * height)
    if len(data) != (1 + width * channels) * height or (colour == 3) != bool(colour == 3 and palette):
        raise pictures.PictureError("the pixels do not fill the picture")
    return Raster(
        width, height, channels, _unfiltered(data, width * channels, channels), palette if colour == 3 else b""
    )


def _unfiltered(data: bytes, size: int, step: int) -> list[bytes]:
    """Rows of samples; `step` is a pixel's size in bytes."""
    rows: list[bytes] = []
    before = bytes(size)
    for start in range(0, len(data), size + 1):
        before = _row(data[start], bytearray(data[start + 1 : start + 1 + size]), before, step)
        rows.append(before)
    return rows


def _row(kind: int, row: bytearray, before: bytes, step: int) -> bytes:
    if kind > 4:
        raise pictures.PictureError("a row with an unknown filter")
    for place in range(len(row)) if kind else ():
        left = row[place - step] if place >= step else 0
        corner = before[place - step] if place >= step else 0
        above = before[place]
        guess = (0, left, above, (left + above) // 2, _paeth(left, above, corner) if kind == 4 else 0)[kind]
        row[place] = (row[place] + guess) & 255
    return bytes(row)


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    distances = (abs(guess - left), abs(guess - above), abs(guess - corner))
    return (left, above, corner)[distances.index(min(distances))]
