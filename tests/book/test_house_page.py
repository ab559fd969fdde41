"""The page about the house names every folder, and no file that is not there; its drawing shows every package."""

from __future__ import annotations

import re

import house_drawing
import pytest

from tools.environment import ROOT
from tools.imports import circle, floors, imported_packages, without_shortcuts

PAGE = (ROOT / "book" / "house.md").read_text("utf-8")


@pytest.mark.parametrize("package", ["janus_platform", "janus_bench"])
def test_every_folder_of_a_package_has_a_line(package: str) -> None:
    table = PAGE.partition(f"In `{package}/`:")[2].partition("\n\n|")[2].partition("\n\n")[0]
    folders = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)/` \|", table, re.M)) == folders


def test_every_other_folder_of_code_has_a_line() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"janus_platform", "janus_bench"}
    assert [folder for folder in sorted(folders) if f"`{folder}/`" not in PAGE.partition("Beside them:")[2]] == []


def test_every_file_and_folder_that_is_named_exists() -> None:
    # After the first file of a package its others stand without it: `gateway/access.py`.
    named = re.findall(r"`([\w.]+/[\w./]*)`", PAGE)
    assert len(named) > 60
    packages = [ROOT, ROOT / "janus_platform", ROOT / "janus_bench"]
    assert [name for name in named if not any((package / name).exists() for package in packages)] == []


def test_the_drawing_shows_every_package_above_what_it_imports() -> None:
    graph, svg = imported_packages(), house_drawing.drawing()
    heights = {name: float(y) for y, name in re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*>([a-z_]+)</text>', svg)}
    assert len(heights) == len(graph)
    for name, imported in graph.items():
        short = name.removeprefix("janus_platform.")
        assert all(heights[short] < heights[below.removeprefix("janus_platform.")] for below in imported)


def test_the_drawing_is_as_wide_as_a_phone_and_has_the_themes_colours() -> None:
    svg = house_drawing.drawing()
    assert 'viewBox="0 0 360 ' in svg and "var(--pst-color-text-base)" in svg and "aria-label" in svg
    assert not re.search(r"#[0-9a-f]{6}", svg)


GRAPH = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set[str](), "e": {"d"}}


def test_floors_put_each_node_above_what_it_imports() -> None:
    assert floors(GRAPH) == [["d"], ["c", "e"], ["b"], ["a"]]


def test_arrows_that_others_lead_around_are_left_out() -> None:
    assert without_shortcuts(GRAPH) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set(), "e": {"d"}}


@pytest.mark.parametrize("graph", [{"a": {"b"}, "b": {"a"}}, {"a": {"b"}, "b": {"c"}, "c": {"a"}}])
def test_a_circle_is_named(graph: dict[str, set[str]]) -> None:
    assert set(circle(graph)) == set(graph)
