"""The waterfall: time to first token, gaps and per-service time are right, and can be read in light and dark."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from janus_platform.traces.view import Trace
from janus_platform.traces.waterfall import draw_narrow, ticks
from tools.browser import FLAGS, find_browser, missing_browser_help
from tools.environment import ROOT

SECOND = 10**9
# A request of 1,000 ms that began at second 5: 100 ms to the first token, then gaps of 50, 250 and 100 ms.
TOKENS = [80.0, 130.0, 380.0, 480.0]


def span(
    name: str, depth: int, begin: float, end: float, *, events: dict[str, float] | None = None, **attributes: Any
) -> dict[str, Any]:
    """A span from `begin` to `end`, in milliseconds; `depth` names the spans that it lies in."""
    ids = ["client", "gateway", "node", "implementation"]
    return {
        "span_id": name,
        "parent_id": ids[depth - 1] if depth else None,
        "name": name.partition("-")[0],
        "kind": "server",
        "start_ns": 5 * SECOND + round(begin * 1e6),
        "end_ns": 5 * SECOND + round(end * 1e6),
        "status": "error" if attributes.get("http.response.status_code", 0) >= 500 else "unset",
        "attributes": attributes,
        "events": [
            {"name": event, "at_ns": 5 * SECOND + round(at * 1e6), "attributes": {}}
            for event, at in (events or {}).items()
        ],
    }


def raw() -> dict[str, Any]:
    return {
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "complete": True,
        "spans": [
            span("client", 0, 0, 1_000),
            span(
                "gateway",
                1,
                20,
                990,
                events={"first_reasoning": 100, "first_content": 150},
                **{"janus.token_ms": TOKENS, "http.response.status_code": 200},
            ),
            span("node", 2, 22, 988),
            span("implementation", 3, 25, 985),
            span("search", 4, 30, 70, **{"janus.attached": "propagated", "http.response.status_code": 200}),
            span("web_proxy", 4, 60, 90, **{"janus.attached": "inferred", "http.response.status_code": 502}),
            span("search-2", 4, 400, 460, **{"janus.attached": "propagated", "http.response.status_code": 429}),
        ],
        "unattributed": [span("inference", 0, -50, 40, **{"janus.attached": "unattributed"})],
    }


@pytest.fixture
def trace() -> Trace:
    return Trace(raw())


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]


def test_time_to_first_token_counts_from_the_first_spans_begin(trace: Trace) -> None:
    assert trace.first_token_ms == 100.0
    assert trace.event_ms("first_content") == 150.0
    line = "time to first token 100.0 ms · first content after 150.0 ms"
    assert line in texts(trace.svg()) and line in str(trace)


def test_gaps_are_those_between_chunks(trace: Trace) -> None:
    assert trace.gaps_ms == pytest.approx([50, 250, 100])
    gap = trace.longest_gap
    assert gap is not None and (gap.start_ms, gap.ms) == (150.0, 250.0)
    line = "4 chunks; gap between two: median 100.0 ms, longest 250.0 ms (from 150.0 ms on)"
    assert line in texts(trace.svg()) and line in str(trace)


def test_time_is_summed_by_service_and_what_overlaps_counts_once_for_the_implementation(trace: Trace) -> None:
    assert trace.service_ms == {"search": 100.0, "web_proxy": 30.0}
    # 960 ms less the union of 30–90 and 400–460.
    assert trace.own_ms == 840.0
    line = "search 100.0 ms · web_proxy 30.0 ms · no service open 840.0 ms"
    assert line in texts(trace.svg()) and line in str(trace)


def test_every_span_is_a_bar_to_scale(trace: Trace) -> None:
    bars = [element for element in ET.fromstring(trace.svg()).iter() if element.tag.endswith("rect")]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert len(bars) == 8 and widths[0] == max(widths)
    assert widths[4] / widths[0] == pytest.approx(0.04, rel=0.01)
    assert [("stroke-dasharray" in bar.attrib) for bar in bars] == [False] * 5 + [True, False, True]
    ticks = [e for e in ET.fromstring(trace.svg()).iter() if e.tag.endswith("line") and e.attrib.get("stroke-width")]
    assert len(ticks) == 1 and (ticks[0][0].text or "").startswith("longest gap: 250.0 ms")


def test_what_is_uncertain_or_failed_says_so(trace: Trace) -> None:
    shown = texts(trace.svg())
    assert {"web_proxy (inferred)", "inference (unattributed)", "30.0 ms · 502", "60.0 ms · 429"} <= set(shown)
    assert "web_proxy (inferred)" in str(trace) and "· 429" in str(trace)


def test_the_drawing_says_in_words_what_it_shows(trace: Trace) -> None:
    root = ET.fromstring(trace.svg())
    said = {element.tag.rpartition("}")[2]: element.text or "" for element in root[:2]}
    assert said["title"] == "Waterfall of a request of 1000 ms with 3 service calls"
    assert "web_proxy (inferred) from 60 ms, 30.0 ms · 502" in said["desc"]
    assert "time to first token 100.0 ms" in said["desc"]


def test_a_trace_without_a_stream_has_no_row_of_chunks() -> None:
    plain = raw()
    del plain["spans"][1]["attributes"]["janus.token_ms"]
    trace = Trace(plain)
    assert trace.first_token_ms is None and trace.gaps_ms == [] and trace.longest_gap is None
    assert "chunks" not in texts(trace.svg())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    assert path, missing_browser_help()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


# Runs in the page: where each text and bar lies, and the colours that they have there.
MEASURE = """() => {
  const svg = document.documentElement
  const box = e => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height] }
  const style = getComputedStyle(svg), numbers = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number)
  return {
    size: [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height],
    texts: [...svg.querySelectorAll('text')].map(e => [e.textContent, ...box(e)]),
    bars: [...svg.querySelectorAll('rect')].map(box),
    ink: numbers(style.color), paper: numbers(style.backgroundColor),
    drawn: [...svg.querySelectorAll('text')].map(e => numbers(getComputedStyle(e).fill)),
  }
}"""


def luminance(colour: list[float]) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawing_can_be_read_in_both_schemes(browser: Browser, scheme: str, tmp_path: Path) -> None:
    long, file = raw(), tmp_path / "waterfall.svg"
    long["spans"][0] |= {"end_ns": 305 * SECOND, "status": "error"}
    trace = Trace(long)
    trace.save_svg(file)
    page: Page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(file.as_uri())
    seen = page.evaluate(MEASURE)
    page.close()
    paper, ink = luminance(seen["paper"]), luminance(seen["ink"])
    assert (paper > 0.9) == (scheme == "light")
    # 85 % of the ink's strength is the faintest text.
    assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) > 10
    assert all(colour == seen["ink"] for colour in seen["drawn"])
    width, height = seen["size"]
    for text, left, top, right, bottom in seen["texts"]:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text
    labels = [entry for entry in seen["texts"] if entry[1] < 100 and entry[0] != "chunks"][:8]
    for (text, *label), bar in zip(labels, seen["bars"], strict=False):
        assert label[2] <= bar[0], f"{text} runs into its bar"


def test_the_drawing_for_a_phone_keeps_inside_its_frame_and_its_words_off_each_other(
    browser: Browser, trace: Trace
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(f"<body style='margin:0;width:340px'>{draw_narrow(trace.waterfall)}")
    seen = page.evaluate(MEASURE.replace("document.documentElement", "document.querySelector('svg')"))
    page.close()
    width, height = seen["size"]
    boxes = [(text, *box) for text, *box in seen["texts"]]
    for text, left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text
    for number, (one, left, top, right, bottom) in enumerate(boxes):
        for other, left2, top2, right2, bottom2 in boxes[number + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 + 2 or bottom2 <= top + 2
            assert apart, f"{one!r} and {other!r} lie on each other"


@pytest.mark.parametrize(("width", "shown"), [(390, "janus-narrow"), (1_000, "janus-wide")])
def test_the_book_shows_the_drawing_that_fits(browser: Browser, trace: Trace, width: int, shown: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(f"<article class='bd-article'>{trace._repr_html_()}</article>")
    assert page.locator(".janus-wide").is_visible() and not page.locator(".janus-narrow").is_visible()
    page.add_style_tag(path=ROOT / "book" / "_static" / "book.css")
    visible = [name for name in ("janus-wide", "janus-narrow") if page.locator(f".{name}").is_visible()]
    page.close()
    assert visible == [shown]


@pytest.mark.parametrize("end", [0.5, 3.3, 69.0, 861.0, 1_000.0, 299_999.0])
def test_the_axis_has_round_steps_up_to_the_end(end: float) -> None:
    marks = ticks(end)
    steps = {f"{after - before:.1e}" for before, after in pairwise(marks)}
    assert marks[0] == 0 and end - marks[1] < marks[-1] <= end * (1 + 1e-9)
    assert len(steps) == 1 and steps.pop()[:3] in ("1.0", "2.0", "5.0") and 3 <= len(marks) <= 7


def test_a_file_is_whole_by_itself(trace: Trace) -> None:
    text = trace.document()
    assert text.startswith("<?xml") and "prefers-color-scheme:dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
