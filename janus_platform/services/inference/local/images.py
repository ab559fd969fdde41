"""Images of a request: format, size and dominant colours, measured; nothing is recognised.

Only `data:` URLs are read: the service has no way out, and fetching a caller's address for it would be a way in. A
hostile image is bounded before it is decoded: bytes by the request's limits, pixels by what its header says, one frame,
four formats, one image at a time.
"""

from __future__ import annotations

import base64
import binascii
import colorsys
import io
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import ApiError, invalid
from janus_platform.services.inference.messages import ImagePart

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
HONEST = "I measure an image's format, size and colours. I do not recognise what it shows: no objects, people or text."
_DATA_URL = re.compile(r"data:image/[a-zA-Z0-9.+-]{1,40}(?:;[a-zA-Z0-9=.+-]{1,60})*;base64,", re.I)
_DECODING = threading.Lock()
_SAMPLE_SIDE = 64
_FEWEST_SHARE, _MOST_COLOURS = 0.04, 4
# Upper ends of the hues in degrees.
_HUES = ((15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "turquoise"), (255, "blue"),
         (312, "purple"), (335, "pink"), (361, "red"))  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """What was measured: `colours` are names with their share of the visible area, `clear` the transparent share."""

    format: str
    width: int
    height: int
    colours: tuple[tuple[str, float], ...]
    clear: float

    def in_words(self, number: int | None) -> str:
        """One or two sentences; `number` tells several images apart."""
        which = "The image" if number is None else f"Image {number}"
        sentence = f"{which} is a {self.format} of {self.width} × {self.height} pixels."
        if self.colours:
            sentence += (
                f" Its dominant colours are {_series([f'{name} ({share:.0%})' for name, share in self.colours])}."
            )
        if self.clear >= _FEWEST_SHARE:
            sentence += f" {self.clear:.0%} of it is transparent."
        return sentence.replace("colours are", "colour is") if len(self.colours) == 1 else sentence


def describe(images: Sequence[ImagePart], limits: InferenceLimits) -> str:
    """All images in words. Raises ApiError 400 naming the part that is no image, or one that is too large."""
    pictures = [measure(image, limits) for image in images]
    lines = [p.in_words(n if len(pictures) > 1 else None) for n, p in enumerate(pictures, 1)]
    return "\n".join([*lines, HONEST])


def measure(image: ImagePart, limits: InferenceLimits) -> Picture:
    """Decode one image and measure it. Raises ApiError 400."""
    data = _bytes_of(image, limits.max_image_bytes)
    with _DECODING:
        return _measured(data, image.path, limits.max_image_pixels)


def _bytes_of(image: ImagePart, most: int) -> bytes:
    if re.match(r"https?:", image.url, re.I):
        raise invalid(
            image.path,
            "The local engine cannot read images from the network. Fetch it yourself and send it as "
            "a data URL: data:image/png;base64,…",
            code="image_url_not_supported",
        )
    head = _DATA_URL.match(image.url)
    if head is None:
        raise invalid(image.path, "An image is sent as a data URL: data:image/png;base64,…", code="invalid_image")
    # Lines and missing padding are as common as they are harmless: OpenAI takes both.
    written = "".join(image.url[head.end() :].split()).rstrip("=")
    if len(written) * 3 // 4 > most:
        raise invalid(image.path, f"The image is over {most:,} bytes. Send a smaller one.", code="image_too_large")
    try:
        return base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid(image.path, "What follows base64, is not Base64 (RFC 4648).", code="invalid_image") from None


def _measured(data: bytes, path: str, most_pixels: int) -> Picture:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > most_pixels:
                message = (
                    f"The image has {width} × {height} pixels; at most {most_pixels:,} are read. Send a smaller one."
                )
                raise invalid(path, message, code="image_too_large")
            kind = str(opened.format)
            opened.draft("RGB", (_SAMPLE_SIDE * 2, _SAMPLE_SIDE * 2))  # JPEG decodes at a fraction of its size.
            # Pillow would cut 16 bits off at 255 instead of scaling them.
            is_deep = opened.mode.startswith("I;16")
            shown = opened.point(lambda level: level / 256, "L") if is_deep else opened
            reduced = shown.convert("RGBA").resize((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.BOX)
    except ApiError:
        raise
    except Image.DecompressionBombError:
        raise invalid(path, f"The image has more than {most_pixels:,} pixels.", code="image_too_large") from None
    except Exception as error:  # Pillow's decoders raise what they like on damaged data.
        message = f"The image cannot be read as {', '.join(FORMATS)}. It may be damaged or of another format."
        raise invalid(path, message, code="invalid_image") from error
    raw = reduced.tobytes()
    pixels = [tuple(raw[i : i + 4]) for i in range(0, len(raw), 4)]
    seen = [(r, g, b) for r, g, b, alpha in pixels if alpha >= 128]
    counted = Counter(_name_of(*pixel) for pixel in seen).most_common(_MOST_COLOURS)
    colours = tuple((name, n / len(seen)) for name, n in counted if n / len(seen) >= _FEWEST_SHARE)
    return Picture(kind, width, height, colours, 1 - len(seen) / len(pixels))


def _name_of(red: int, green: int, blue: int) -> str:
    """The plain name of an sRGB colour, by hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < 0.15:
        return "black"
    if saturation < 0.12:
        return "white" if value > 0.9 else "grey"
    name = next(name for end, name in _HUES if hue * 360 < end)
    if name in ("orange", "red") and value < 0.65 and saturation > 0.3 and hue * 360 > 8:
        return "brown" if hue * 360 < 50 else name
    if name == "red" and saturation < 0.55 and value > 0.7:
        return "pink"
    return name


def _series(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
