"""Images: format, size and colours in words, honest about the rest; hostile ones are refused before they cost much."""

from __future__ import annotations

import base64
import io
import struct
import tracemalloc
import zlib
from textwrap import wrap
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.services.inference_rig import SERVICE, chat, send, service

LIMITS = SERVICE.limits


def encoded(image: Image.Image, kind: str = "PNG") -> str:
    file = io.BytesIO()
    image.save(file, kind)
    return data_url(file.getvalue(), kind)


def data_url(data: bytes, kind: str = "PNG") -> str:
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"


def flag(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 199, 199), fill=(200, 16, 30))
    return image.convert(mode)


def ask(*urls: str, text: str = "What is this?", model: str = "gpt-4o", **fields: Any) -> Any:
    parts: list[Any] = [{"type": "text", "text": text}]
    parts += [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    body = {"model": model, "messages": [{"role": "user", "content": parts}], **fields}
    return send(service(), "POST", SERVICE.path, body)


def said(*urls: str, **fields: Any) -> str:
    response = ask(*urls, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_format_size_and_dominant_colours_are_told_and_what_is_not_known(kind: str) -> None:
    words = said(encoded(flag(), kind))
    assert f"is a {kind} of 300 × 200 pixels" in words
    assert "red (6" in words and "white (3" in words
    assert "do not recognise what it shows" in words


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("black", "black"),
        ("grey", "grey"),
        ("navy", "blue"),
        ("green", "green"),
        ("yellow", "yellow"),
        ("orange", "orange"),
        ("purple", "purple"),
        ("saddlebrown", "brown"),
        ("hotpink", "pink"),
        ("turquoise", "turquoise"),
    ],
)
def test_colours_have_their_plain_names(colour: str, name: str) -> None:
    assert f"dominant colour is {name} (100%)" in said(encoded(Image.new("RGB", (40, 30), colour)))


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16"])
def test_every_mode_of_a_png_is_read(mode: str) -> None:
    image = Image.new("I;16", (30, 20), 40_000) if mode == "I;16" else flag(mode)
    assert "is a PNG" in said(encoded(image))


def test_transparency_is_told() -> None:
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    assert "100% of it is transparent" in said(encoded(clear))


def test_several_images_are_numbered() -> None:
    words = said(encoded(flag()), encoded(Image.new("RGB", (5, 6), "blue")))
    assert "Image 1 is a PNG of 300 × 200" in words and "Image 2 is a PNG of 5 × 6" in words


def test_a_model_without_vision_refuses_an_image_and_says_which_do() -> None:
    error = ask(encoded(flag()), model="o1-mini").json()["error"]
    assert error["code"] == "image_not_supported" and "GET /v1/models" in error["message"]


def test_an_image_counts_as_tokens() -> None:
    with_image = ask(encoded(flag())).json()["usage"]["prompt_tokens"]
    assert with_image - chat(service(), "What is this?").json()["usage"]["prompt_tokens"] == 85


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/a.png", "data URL"),
        ("HTTP://169.254.169.254/", "data URL"),
        ("file:///etc/passwd", "data URL"),
        ("data:text/html;base64,PGI+", "data URL"),
        ("data:image/png,raw", "data URL"),
        ("data:image/png;base64,%%%", "Base64"),
        ("", "data URL"),
        (data_url(b""), "cannot be read"),
        (data_url(b"not an image"), "cannot be read"),
        (data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG+XML"), "cannot be read"),
        (data_url(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS"), "cannot be read"),
        (data_url(png(9, 9, chunk(b"IDAT", b"broken"))), "cannot be read"),
        # Pillow itself would unpack this one: 25 million pixels.
        (data_url(png(5_000, 5_000, chunk(b"IDAT", zlib.compress(b"\0" * 1000)))), "5000 × 5000 pixels"),
        (data_url(png(60_000, 60_000, chunk(b"IDAT", zlib.compress(b"\0" * 1000)))), "pixels"),
        (data_url(b"\0" * (LIMITS.max_image_bytes + 10)), "bytes"),
    ],
)
def test_what_is_no_image_or_too_large_is_400_and_named(url: str, words: str) -> None:
    response = ask(url)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == "messages[0].content[1].image_url.url"
    assert words in response.json()["error"]["message"]


def test_a_bomb_is_refused_by_its_header_and_not_unpacked() -> None:
    bomb = png(30_000, 30_000, chunk(b"IDAT", zlib.compress(b"\0" * 20_000_000)))
    tracemalloc.start()
    try:
        assert ask(data_url(bomb)).status_code == 400
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_more_images_than_a_request_may_hold_are_refused() -> None:
    error = ask(*[encoded(Image.new("RGB", (2, 2)))] * (LIMITS.max_images + 1)).json()["error"]
    assert error["param"] == "messages" and str(LIMITS.max_images) in error["message"]


def test_an_animation_is_described_by_its_first_frame() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("blue", "red", "red")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert "dominant colour is blue" in said(data_url(file.getvalue(), "GIF"))


@pytest.mark.parametrize("change", [lambda text: text.rstrip("="), lambda text: "\n".join(wrap(text, 76)) + "\n"])
def test_base64_in_lines_or_without_padding_is_read(change: Any) -> None:
    head, _, text = encoded(flag()).partition(",")
    assert said(f"{head},{change(text)}") == said(f"{head},{text}")
