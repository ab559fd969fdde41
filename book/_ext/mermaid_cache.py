"""Mermaid diagrams as committed SVG files, one light and one dark, named by the hash of what they were drawn from.

The book's build only reads these files, so it needs neither a browser nor Node. Drawing them is mermaid_render.py's
task (`make diagrams`). This module imports nothing of Sphinx.
"""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

DIAGRAMS = Path(__file__).resolve().parent.parent / "_diagrams"
MERMAID_VERSION = "12.3.0"
MODES = ("light", "dark")
SVG = "http://www.w3.org/2000/svg"
# Metric-compatible on every system (Arial, Helvetica, Liberation Sans), so labels measured here fit everywhere.
FONT = 'Arial, Helvetica, "Liberation Sans", sans-serif'
_FENCE = re.compile(r"^(?P<ticks>`{3,})(?:\{mermaid\}|mermaid)[^\n`]*\n(?P<body>.*?)^(?P=ticks)`*[ \t]*$", re.M | re.S)
_OPTION = re.compile(r"^:[a-z-]+:.*$")
_DROPPED = {f"{{{SVG}}}script", f"{{{SVG}}}foreignObject"}
_REFERENCE = re.compile(r"url\(\s*[\"']?#([^\"')]+)[\"']?\s*\)")

_LIGHT = {
    "background": "#ffffff",
    "primaryColor": "#eef0fe",
    "primaryBorderColor": "#5a5fd6",
    "primaryTextColor": "#1c1f3a",
    "lineColor": "#5b6478",
    "clusterBkg": "#f8f8fb",
    "clusterBorder": "#c3c7d6",
    "titleColor": "#3a3f5c",
    "edgeLabelBackground": "#ffffff",
    "actorLineColor": "#b4b9cb",
    "signalColor": "#5b6478",
    "signalTextColor": "#1c1f3a",
    "noteBkgColor": "#fdf3dc",
    "noteBorderColor": "#c98a1b",
    "noteTextColor": "#3d2c06",
}
_DARK = {
    "background": "#121212",
    "primaryColor": "#252b4d",
    "primaryBorderColor": "#8f96ff",
    "primaryTextColor": "#eceefb",
    "lineColor": "#a9b3c9",
    "clusterBkg": "#1a1f2b",
    "clusterBorder": "#454d66",
    "titleColor": "#d5d9ea",
    "edgeLabelBackground": "#121212",
    "actorLineColor": "#5a637d",
    "signalColor": "#a9b3c9",
    "signalTextColor": "#eceefb",
    "noteBkgColor": "#3d3014",
    "noteBorderColor": "#e0a63a",
    "noteTextColor": "#fbeed0",
}
THEMES = {"light": _LIGHT, "dark": _DARK}


@dataclass(frozen=True)
class Diagram:
    """One diagram's source text, without directive options."""

    source: str

    @property
    def key(self) -> str:
        """16 hex digits over the source, Mermaid's version and the settings: what the drawing depends on."""
        settings = [self.source, MERMAID_VERSION, *(configuration(mode) for mode in MODES)]
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

    def file(self, mode: str, folder: Path = DIAGRAMS) -> Path:
        """Where the drawing for "light" or "dark" lies."""
        return folder / f"{self.key}-{mode}.svg"

    def is_drawn(self, folder: Path = DIAGRAMS) -> bool:
        """True when both drawings are there."""
        return all(self.file(mode, folder).is_file() for mode in MODES)


def configuration(mode: str) -> dict[str, object]:
    """What `mermaid.initialize` is given for "light" or "dark".

    Labels are SVG text, not HTML in a foreignObject, which several SVG viewers do not draw.
    """
    return {
        "startOnLoad": False,
        "securityLevel": "strict",
        "deterministicIds": True,
        "htmlLabels": False,
        "look": "classic",
        "flowchart": {"htmlLabels": False, "nodeSpacing": 36, "rankSpacing": 44, "wrappingWidth": 320, "padding": 12},
        "sequence": {"mirrorActors": False, "rightAngles": True},
        "theme": "base",
        "fontFamily": FONT,
        "themeVariables": {
            **THEMES[mode],
            "fontFamily": FONT,
            "fontSize": "15px",
            "darkMode": mode == "dark",
            "useGradient": False,
            "dropShadow": "none",
        },
        # A halo in the box's own colour: an arrow that runs into a box passes behind its title.
        "themeCSS": f".cluster-label text {{ paint-order: stroke; stroke: {THEMES[mode]['clusterBkg']}; "
        "stroke-width: 6px; stroke-linejoin: round; font-weight: 600; }",
    }


def diagrams_in(text: str) -> list[Diagram]:
    """Every Mermaid fence of a Markdown text, both ```{mermaid} and ```mermaid, in order."""
    return [Diagram(_without_options(match["body"])) for match in _FENCE.finditer(text)]


def tidy(svg: str, alt: str, root_id: str) -> str:
    """Mermaid's SVG made safe to stand inline on a page beside others.

    Scripts, event attributes and HTML labels go; every id gets `root_id` in front, and references follow; the root
    becomes one image with `alt` as its name. Raises xml.etree.ElementTree.ParseError when `svg` is not XML.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(svg)
    _strip(root)
    names = {id_: _scoped(id_, root_id) for element in root.iter() if (id_ := element.get("id"))}
    for element in root.iter():
        _rewrite(element, names)
    for attribute in ("aria-roledescription", "aria-labelledby", "aria-describedby"):
        root.attrib.pop(attribute, None)
    root.attrib.update({"id": root_id, "role": "img", "aria-label": alt})
    return ET.tostring(root, encoding="unicode")


def _without_options(body: str) -> str:
    lines = body.splitlines()
    while lines and (_OPTION.match(lines[0]) or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines).rstrip()


def _strip(parent: ET.Element) -> None:
    for child in list(parent):
        if child.tag in _DROPPED:
            parent.remove(child)
        else:
            _strip(child)


def _scoped(id_: str, root_id: str) -> str:
    return id_ if id_ == root_id or id_.startswith(f"{root_id}-") else f"{root_id}-{id_}"


def _rewrite(element: ET.Element, names: dict[str, str]) -> None:
    for attribute, value in list(element.attrib.items()):
        local = attribute.rpartition("}")[2]
        if local.lower().startswith("on"):
            del element.attrib[attribute]
        elif local == "id":
            element.set(attribute, names[value])
        elif local == "href":
            if value.startswith("#"):
                element.set(attribute, f"#{names.get(value[1:], value[1:])}")
            else:
                del element.attrib[attribute]
        else:
            element.set(attribute, _REFERENCE.sub(lambda m: f"url(#{names.get(m[1], m[1])})", value))
