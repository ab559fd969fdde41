"""The drawing of the platform as it runs: boxes apart, no line through a title, a page behind every box."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from platform_drawing import pages

from janus_platform.contract import load_contract
from janus_platform.drawing import PARTS, Box, Layout, alone, drawing, upright, wide
from tools.environment import ROOT

LAYOUTS = {"wide": wide, "narrow": upright}
LETTER = 8.2  # units that a letter of a title is wide at most, 14 units high


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@pytest.mark.parametrize("kind", LAYOUTS)
def test_boxes_stand_apart_and_inside_the_drawing(kind: str) -> None:
    layout: Layout = LAYOUTS[kind]()
    for one, other in itertools.combinations(layout.boxes.values(), 2):
        assert not overlap(one, other), (one, other)
    for x, y, width, height in layout.boxes.values():
        assert x >= 0 and y >= 0 and x + width <= layout.width and y + height <= layout.height


@pytest.mark.parametrize("kind", LAYOUTS)
def test_no_line_runs_through_a_title_or_a_box_that_it_does_not_join(kind: str) -> None:
    layout: Layout = LAYOUTS[kind]()
    svg = drawing(layout, kind)
    titles = [
        (float(x) - (len(text) * LETTER if anchor == "end" else 0), float(y) - 14, len(text) * LETTER, 18.0)
        for x, y, anchor, text in re.findall(r'frame-title" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)', svg)
    ]
    assert len(titles) == len(layout.frames)
    lines = [tuple(map(float, re.findall(r"[\d.]+", way))) for way in re.findall(r'class="way" d="([^"]+)"', svg)]
    assert len(lines) == len(layout.ways)
    for numbers in lines:
        (x, y), (to_x, to_y) = numbers[:2], numbers[-2:]
        along = [(x + (to_x - x) * step / 40, y + (to_y - y) * step / 40) for step in range(2, 39)]
        for spot in [*titles, *layout.boxes.values()]:
            assert not any(overlap((px, py, 0.1, 0.1), spot) for px, py in along), (numbers, spot)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_service_of_the_contract_has_a_box_and_every_box_leads_to_a_page(kind: str) -> None:
    svg = drawing(LAYOUTS[kind](), kind, lambda page: f"{page}.html")
    assert set(load_contract().services) | set(PARTS) == set(re.findall(r'data-part="(\w+)"', svg))
    for page in pages():
        assert any((ROOT / f"{page}{end}").is_file() for end in (".ipynb", ".md")), page
    for part in PARTS.values():
        assert not part.folder or any((ROOT / base / part.folder).is_dir() for base in (".", "janus_platform")), part


@pytest.mark.parametrize("kind", ["wide", "upright"])
def test_a_drawing_alone_shows_which_parts_answer_in_shape_and_in_words(kind: str) -> None:
    svg = alone(kind, {"search": True, "web_proxy": False})
    assert svg.count('class="up"') == 1 and svg.count('class="down"') == 1
    assert re.search(r'data-part="search"><title>[^<]*It answers\.', svg)
    assert re.search(r'data-part="web_proxy"><title>[^<]*It does not answer\.', svg)
    assert "href" not in svg and ElementTree.fromstring(svg).get("width")
