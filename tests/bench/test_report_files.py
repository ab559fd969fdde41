"""The forms of a report beside `report.json`: what they hold, and that hostile text stays text."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import janus_bench
from janus_bench.report import files as report_files
from janus_bench.report import tables
from janus_bench.report.files import records_csv, report_markdown, write_files
from janus_bench.report.plots import gaps_svg, scores_svg, waits_svg
from janus_bench.report.radar import radar_svg
from janus_bench.report.report import Report
from janus_bench.run.records import Record
from janus_bench.scoring.metrics import measure
from janus_bench.suites.loader import load_suite
from janus_bench.wire.chat import Answer, Delta
from tests.bench.answers import Constant, Implementation
from tests.bench.ground_truth import Reply, Request, chunk, event, serving
from tests.bench.test_run import bench

HOSTILE = '"><script>alert(1)</script>|`${x}\n\x1b[31m'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return bench(Implementation(load_suite("chat")), "chat", output=tmp_path_factory.mktemp("files") / "run")


def test_a_run_leaves_every_form_of_its_report(run: Report) -> None:
    assert run.folder is not None
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "run.json", "records.jsonl", "report.json", "report.html", "report.md", "records.csv", "scores.svg",
        "radar.svg", "first_token.svg", "pieces.svg",
    }  # fmt: skip


def test_the_page_needs_no_script_and_no_other_file(run: Report) -> None:
    assert run.folder is not None
    page = (run.folder / "report.html").read_text()
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "default-src 'none'" in page
    for item in load_suite("chat").raw_items:
        assert item["id"] in page
    assert f"{run.composite:.1f}" in page


def test_every_picture_is_well_formed_and_says_what_it_shows(run: Report) -> None:
    assert run.folder is not None
    for path in run.folder.glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        title, described = root[0], root[1]
        assert title.tag.endswith("title") and title.text
        assert described.tag.endswith("desc") and described.text
        assert root.get("role") == "img"


def test_the_table_has_a_line_for_each_request(run: Report) -> None:
    lines = list(csv.DictReader(io.StringIO(records_csv(run.records))))
    assert [line["item"] for line in lines] == [record.item for record in run.records]
    assert all(float(line["first_token_ms"]) >= 0 for line in lines)


def test_hostile_names_and_answers_stay_text(run: Report, tmp_path: Path) -> None:
    answer = Answer(deltas=[Delta("content", 5_000_000, HOSTILE)], model=HOSTILE, finish_reason="stop")
    record = Record(HOSTILE, "chat", 0, answer=answer, error=HOSTILE)
    limits = {"min_usage_factor": 0.5, "max_usage_factor": 4, "usage_allowance": 64}
    record.timing = measure(answer, started_ns=0, connected_ns=0, sent_ns=0, limits=limits)
    document = run.to_dict()
    target = document["target"] | {"models_seen": [HOSTILE], "url": HOSTILE}
    items = [document["items"][0] | {"id": HOSTILE, "error": HOSTILE}]
    hostile = Report(document | {"target": target, "items": items, "notes": [HOSTILE]}, [record], tmp_path)
    for path in write_files(hostile.to_dict(), hostile.records, tmp_path):
        if path.suffix in (".html", ".svg", ".md"):
            assert "<script" not in path.read_text()
        if path.suffix == ".svg":
            ElementTree.parse(path)
    assert all(line.startswith(("#", "|", "-")) or not line for line in report_markdown(hostile.to_dict()).splitlines())


def test_a_run_of_which_nothing_came_back_has_no_pictures_of_time() -> None:
    assert waits_svg("Time to first token", []) == ""
    assert gaps_svg([("a", [])]) == ""
    nothing = {"composite": 0.0, "scores": {"quality": 0.0, "speed": None}, "intervals": {}}
    assert "quality" in scores_svg(nothing)
    assert "speed" not in scores_svg(nothing)


@pytest.mark.parametrize("waits", [[0.0], [1.0], [0.001, 1e6], [5.0] * 100, [10.0, 100.0]])
def test_any_waits_can_be_drawn(waits: list[float]) -> None:
    root = ElementTree.fromstring(waits_svg("Time to first token", waits))
    points = next(node for node in root if node.tag.endswith("polyline")).get("points")
    assert points is not None
    for point in points.split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= 640
        assert 0 <= y <= 260


def test_any_stamps_can_be_drawn() -> None:
    ElementTree.fromstring(gaps_svg([("a", [0.0]), ("b", [1e-3, 5e5])]))
    ElementTree.fromstring(gaps_svg([("a", [0.0])]))


@pytest.mark.parametrize("last", [1e-3, 0.7, 1.38, 2.0, 3.9, 4.0, 5.99, 6.0, 9.99, 250.0])
def test_an_axis_has_a_few_round_ticks(last: float) -> None:
    picture = ElementTree.fromstring(gaps_svg([("a", [last * 1e3])]))
    ticks = [float(node.text[:-2]) for node in picture if node.text and node.text.endswith(" s")]
    assert 3 <= len(ticks) <= 9
    assert ticks[0] == 0
    assert 0 < ticks[-1] <= last * 1.001


def scored(composite: float, **scores: float | None) -> dict[str, object]:
    return {"composite": composite, "scores": scores}


def test_a_radar_says_every_number_that_it_shows() -> None:
    runs = {"a": scored(41.0, quality=50.0, speed=20.0, modality=None), "b": scored(9.0, quality=1.0, speed=99.0)}
    described = ElementTree.fromstring(radar_svg(runs))[1].text
    assert described == "a: composite 41.0, quality 50.0, speed 20.0. b: composite 9.0, quality 1.0, speed 99.0."


def test_a_radar_leaves_out_what_no_run_measured() -> None:
    picture = radar_svg({"a": scored(41.0, quality=50.0, speed=20.0, cost=3.0, modality=None)})
    assert "modality" not in picture
    assert "cost" in picture


def test_a_radar_of_more_runs_than_outlines_says_so() -> None:
    with pytest.raises(ValueError, match="choose"):
        radar_svg({str(number): scored(1.0, quality=1.0) for number in range(6)})


def test_a_notebook_shows_a_picture_inline(run: Report) -> None:
    for picture in run.pictures.values():
        assert picture._repr_html_().startswith("<svg")


def test_the_page_begins_with_the_score_and_its_interval_and_shows_expected_beside_given() -> None:
    """A wrong exact answer tells what was wanted and what came; the picture says how many of the streams it draws."""
    with serving(Constant(load_suite("quick"))) as server:
        report = janus_bench.run(server.url, "quick", progress=False)
    pictures = report_files.report_pictures(report.to_dict(), report.records)
    page = report_files.report_page(report.to_dict(), pictures)
    low, high = report.to_dict()["intervals"]["composite"]
    start = page.index("<h1>")
    headline = f"<strong>{report.composite:.1f}</strong>of 100, 95 % interval {low:.1f} to {high:.1f}"
    assert headline in page[start : start + 200]
    exact = [item for item in report.to_dict()["items"] if item["expected"]]
    assert len(exact) > 10
    assert all(item["given"] == Constant.answer for item in exact)
    assert f'<td data-name="given">{Constant.answer}</td>' in page
    assert "40 of 72 streams" in pictures["pieces"]


def test_gaps_between_chunks_are_called_so_and_those_between_tokens_only_where_they_are_known() -> None:
    def counted(request: Request) -> Reply:
        parts = [event({**chunk(content=f"word{n} "), "usage": {"completion_tokens": 2 * n}}) for n in range(1, 9)]
        return Reply([*((0.002, part) for part in parts), (0.0, event(chunk(finish="stop")) + b"data: [DONE]\n\n")])

    with serving(counted) as server:
        known = tables.report_rows(janus_bench.run(server.url, "chat", progress=False).to_dict())
    with serving(Constant(load_suite("chat"))) as server:
        unknown = tables.report_rows(janus_bench.run(server.url, "chat", progress=False).to_dict())
    assert {"gap between chunks", "gap between tokens"} <= {name for name, _, _ in known}
    assert "gap between tokens" not in {name for name, _, _ in unknown}
    assert "inter-token gap" not in {name for name, _, _ in [*known, *unknown]}
