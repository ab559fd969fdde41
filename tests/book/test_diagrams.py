"""Diagrams: found in pages, drawn, tidy, all committed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from mermaid_cache import DIAGRAMS, MODES, SVG, Diagram, diagrams_in, tidy
from mermaid_render import DrawingError, draw, used_diagrams
from mermaid_svg import inline_svg

from tools.environment import ROOT

SMALL = Diagram("flowchart LR\n    A[One] -->|to| B[Two]")


def test_both_kinds_of_fence_are_found_without_their_options() -> None:
    text = "```{mermaid}\n:alt: words\n\nflowchart LR\n    A --> B\n```\n\n```mermaid\npie\n```\n\n```python\n1\n```\n"
    assert [d.source for d in diagrams_in(text)] == ["flowchart LR\n    A --> B", "pie"]


def test_every_diagram_of_the_book_is_drawn_and_committed_and_no_other() -> None:
    used = used_diagrams()
    assert used, "the architecture page has a diagram"
    wanted = {diagram.file(mode).name for diagram in used for mode in MODES}
    assert {path.name for path in DIAGRAMS.glob("*.svg")} == wanted, "run: make diagrams"


def test_architecture_diagram_shows_every_box_of_the_specification() -> None:
    page = (ROOT / "book" / "architecture.md").read_text(encoding="utf-8")
    svg = diagrams_in(page)[0].file("light").read_text(encoding="utf-8")
    words = " ".join("".join(ET.fromstring(svg).itertext()).split())
    for box in ("API Gateway", "Load Balancer", "Router", "Web Proxy", "Vector Index", "Bench Runner", "Leaderboard"):
        assert box.replace(" ", "") in words.replace(" ", "")


def test_a_diagram_is_drawn_as_svg_text_with_ids_of_its_own(tmp_path: Path) -> None:
    assert draw([SMALL], tmp_path) == 1
    assert draw([SMALL], tmp_path) == 0, "drawn diagrams are not drawn again"
    light, dark = (SMALL.file(mode, tmp_path).read_text(encoding="utf-8") for mode in MODES)
    assert "foreignObject" not in light
    assert "One" in light
    assert not ids(light) & ids(dark)
    for target in re.findall(r"url\(#([^)]+)\)", light):
        assert target in ids(light), "an arrow points to a marker that is not there"


def test_a_wrong_diagram_is_named(tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match="Mermaid rejects this diagram"):
        draw([Diagram("flowchart LR\n    A -->")], tmp_path)
    assert not list(tmp_path.iterdir())


def test_tidy_removes_what_could_act_or_reach_out() -> None:
    hostile = (
        f'<svg xmlns="{SVG}" onload="alert(1)"><script>alert(1)</script>'
        '<a href="https://elsewhere.example/"><path id="p" onclick="x()" marker-end="url(#p)"/></a>'
        "<foreignObject><p>html</p></foreignObject></svg>"
    )
    clean = tidy(hostile, "words", "root")
    for trace in ("script", "onload", "onclick", "elsewhere", "foreignObject"):
        assert trace not in clean
    assert 'id="root-p"' in clean
    assert "url(#root-p)" in clean
    assert 'aria-label="words"' in clean


def test_one_diagram_twice_on_a_page_has_distinct_ids_and_an_escaped_alternative() -> None:
    svg = f'<svg xmlns="{SVG}" id="mermaid-1-light" aria-label=""><path id="mermaid-1-light-a"/></svg>'
    first, second = (inline_svg(svg, 'says "so" & more', number) for number in (0, 1))
    assert not ids(first) & ids(second)
    assert 'aria-label="says &quot;so&quot; &amp; more"' in first


def ids(svg: str) -> set[str]:
    return set(re.findall(r'\sid="([^"]+)"', svg))
