"""Pages that measure a language model are read without one as well: what was recorded fits their cells."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from janus_book import real_model as measuring
from janus_book.real_model import RECORDINGS, NotRecordedError, RealModel
from tests.notebooks.expected import notebooks
from tools.notebook_runs import MEASURING, held

PAGES = [page for page in notebooks() if MEASURING in page.read_text(encoding="utf-8")]


def test_each_recording_belongs_to_a_page() -> None:
    practising = {page.stem for page in notebooks() if page.stem.startswith("practice_")}
    assert {path.stem for path in RECORDINGS.glob("*.json")} == {page.stem for page in PAGES} | practising
    assert len(PAGES) >= 2


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_can_be_read_without_a_model(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its cells run with what was recorded, and what must hold after them does. A changed prompt needs a new record."""
    import janus_platform

    recording = json.loads((RECORDINGS / f"{page.stem}.json").read_text(encoding="utf-8"))
    monkeypatch.setattr(measuring, "real_model", lambda name: RealModel(recording["model"], recording))
    monkeypatch.setattr(janus_platform, "up", lambda: SimpleNamespace(down=lambda: None))
    monkeypatch.setenv("CHUTES_API_KEY", "none is needed")
    monkeypatch.setenv("MPLBACKEND", "agg")
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code" and "remove-cell" not in cell["metadata"].get("tags", ()):
            exec("".join(cell["source"]), names)
            if expression := held(page).get(cell["id"]):
                assert eval(expression, names), expression
    said = repr(names["model"])
    assert "No model runs here" in said and "janus up --model" in said
    assert "ms" in capsys.readouterr().out


def test_a_measurement_of_a_readers_own_says_how_to_get_a_model() -> None:
    model = RealModel("m", {"model": "m", "taken": "once", "results": {"twice [[2], {}] #1": 4}})

    @model.measured
    def twice(number: int) -> int:
        raise AssertionError("measured without a model")

    assert twice(2) == 4
    with pytest.raises(NotRecordedError, match="janus model pull"):
        twice(3)


def test_what_is_measured_is_what_a_recording_gives_back(tmp_path: Path) -> None:
    live = RealModel("m")

    def doubled(model: RealModel) -> list[Any]:
        counted = iter(range(9))
        double = model.measured(lambda text, by=2: {"text": text * by, "call": next(counted)})
        return [double("a"), double("a"), double("b" * 100, by=3)]

    measured = doubled(live)
    live.keep(tmp_path / "page.json", "today")
    recording = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert doubled(RealModel("m", recording)) == measured
