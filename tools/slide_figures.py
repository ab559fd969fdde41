"""The figures of a page as slides show them: the drawing of the platform, the animated request as one slide per step,
plots in the slide's colours, and formulas.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Iterator
from typing import Any

from janus_platform.contract import load_contract
from janus_platform.drawing import PARTS, alone
from tools.environment import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))  # where Sphinx finds it too

from interactive_request import data
from plots import themed
from typeset_math import typeset

ANIMATED = re.compile(r"^```\{interactive\} request\n.*?^```$", re.M | re.S)
DRAWN = re.compile(r"^```\{platform\}(?P<lit>[^\n]*)\n(?P<caption>.*?)^```$", re.M | re.S)


def as_steps(markdown: str) -> str:
    """The text with the steps of the recorded request in place of the figure that plays it."""
    steps = "\n\n".join(f"{said}\n\n```{{platform}} {' '.join(lit)}\n```" for said, lit in steps_of(data()))
    return ANIMATED.sub(lambda _: steps, markdown)


def steps_of(recorded: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What happens, with the times of the recording, and the parts that have the request meanwhile."""
    spans = {name: (begin, end) for name, begin, end in recorded["spans"]}
    pieces = recorded["pieces"]
    titles = _service_titles()
    yield f"A client asks “{recorded['question']}”:", ["client"]
    yield (
        f"At {spans['gateway'][0]:.1f} ms the gateway checks it, and chooses an implementation and one of its nodes:",
        ["checks", "router", "balancer"],
    )
    yield f"At {spans['implementation'][0]:.1f} ms the implementation in the node begins:", ["node"]
    for name, (begin, end) in spans.items():
        if name in titles:
            yield (
                f"From {begin:.0f} to {end:.0f} ms it asks {titles[name]}, through the egress proxy:",
                ["node", "proxy", name],
            )
    content = next(ms for ms, kind, _ in pieces if kind == "content")
    yield (
        f"What it thinks reaches the client from {pieces[0][0]:.0f} ms on, its answer from {content:.0f} ms, the last "
        f"piece at {pieces[-1][0]:.0f} ms:",
        ["client", "node"],
    )


def drawn(fence: re.Match[str]) -> str:
    """The drawing as a picture, with the named parts lit, and its caption."""
    lit = fence["lit"].split()
    rules = "".join(
        f'[data-part="{name}"] .part{{fill:light-dark(#4548c9,#a5aaff)!important}}'
        f'[data-part="{name}"] text{{fill:light-dark(#fff,#12151f)!important}}'
        for name in lit
    )
    svg = alone("wide").replace("<defs>", f"<style>{rules}</style><defs>", 1)
    titles = {**{name: part.title for name, part in PARTS.items()}, **_service_titles()}
    says = f"; lit: {', '.join(titles[name] for name in lit)}" if lit else ""
    caption = " ".join(fence["caption"].split())
    below = f'<p class="caption">{html.escape(caption)}</p>' if caption else ""
    encoded = base64.b64encode(svg.encode()).decode()
    return f'<img class="diagram" alt="The platform as it runs{says}" src="data:image/svg+xml;base64,{encoded}">{below}'


def _service_titles() -> dict[str, str]:
    return {name: service.title for name, service in load_contract().services.items()}


def plot(svg: str, alternative: str) -> str:
    """A plot that matplotlib drew, in the slide's own colours."""
    return f'<div class="drawn">{themed(svg, alternative)}</div>'


def formula(latex: str, how: dict[str, bool]) -> str:
    """A formula of the page, typeset."""
    return typeset(latex, "block" if how["display_mode"] else "inline")
