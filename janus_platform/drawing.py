"""The platform as it runs, drawn: in the book, in Janus Chat before the first question, and in a notebook.

The services come from the contract. Every box says in its title what it does and in which folder it is, and, where the
state of a running platform is given, whether that part answers. There are two drawings, wide, and upright for phones.
Letters are 14 units high; the marks are drawn, so that no emoji font is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, NamedTuple

from janus_platform.contract import load_contract


class Part(NamedTuple):
    """One part of the platform: its name, its page, its folder, and what it does in one sentence."""

    title: str
    page: str
    folder: str
    does: str


PARTS = {
    "chat": Part("Janus Chat", "notebooks/first_request", "gateway/chat_page/", "A chat page in the browser."),
    "client": Part("your client", "notebooks/user_request", "", "Any client that speaks the OpenAI API."),
    "bench": Part("janus-bench", "book/benchmark", "janus_bench/", "Asks like everybody, and keeps score."),
    "checks": Part("checks", "book/gateway", "gateway/", "Reads the request, and names the field that is wrong."),
    "router": Part("router", "notebooks/gateway_routing", "gateway/", "Chooses the implementation."),
    "balancer": Part("balancer", "notebooks/gateway_routing", "gateway/", "Chooses one of its nodes."),
    "node": Part("implementation", "notebooks/tee_execution", "node/", "A competitor's program in a sandbox."),
    "proxy": Part("egress proxy", "notebooks/egress_control", "egress/", "Lets out to the services, and nowhere else."),
    "leaderboard": Part("leaderboard", "notebooks/leaderboard", "janus_bench/", "Ranks the published runs."),
    "classroom": Part("classroom", "book/teach/room", "classroom/", "Shares one platform with a class."),
}
# Where a service has a page of its own, it is named like the service.
SERVICE_PAGES = "notebooks/{}"

# What is said of a part that answers, that does not, and whose state is not known.
_SAID = {True: " It answers.", False: " It does not answer.", None: ""}
# For a drawing that stands alone: the colours that a page would give it, light and dark.
_OF = ".platform-drawing"  # every rule, as in a notebook other drawings stand on the same page
_STYLE = (
    f"<style>{_OF}{{color-scheme:light dark;font:14px system-ui,sans-serif}}"
    f"{_OF} text{{fill:light-dark(#1c2033,#e7e9f3)}}"
    f"{_OF} .part{{fill:light-dark(#f3f4fb,#1c2130);stroke:light-dark(#555b73,#a9b0c7)}}"
    f"{_OF} .frame{{fill:none;stroke:light-dark(#4548c9,#a5aaff);stroke-dasharray:5 4}}"
    f"{_OF} .frame-title{{fill:light-dark(#4548c9,#a5aaff);font-weight:600}}"
    f"{_OF} .way{{fill:none;stroke:light-dark(#555b73,#a9b0c7);stroke-width:1.3}}"
    f"{_OF} .tip{{fill:light-dark(#555b73,#a9b0c7)}}{_OF} .up{{fill:light-dark(#1a7f45,#5fd68f)}}"
    f"{_OF} .down{{stroke:light-dark(#b3261e,#ff9b93);stroke-width:2.2;fill:none}}</style>"
)

Box = tuple[float, float, float, float]  # x, y, width, height


class Layout(NamedTuple):
    """Where the boxes stand, what frames hold them, and the ways between, from side to side of the boxes."""

    width: float
    height: float
    boxes: dict[str, Box]
    frames: dict[str, tuple[Box, str]]
    ways: list[tuple[str, str]]


WAYS = [("checks", "router"), ("router", "balancer"), ("balancer", "node"), ("node", "proxy")]
CLIENTS, GATEWAY, NODE, NODE_SHORT = "who asks", "gateway", "node: a simulated TEE", "simulated TEE"


def wide() -> Layout:
    """In rows, as wide as the text of a page on a desk."""
    services = list(load_contract().services)
    step, width = 674 / len(services), 674 / len(services) - 9
    boxes: dict[str, Box] = {
        "classroom": (22, 36, 136, 40), "chat": (187, 36, 136, 40), "client": (352, 36, 136, 40),
        "bench": (532, 36, 136, 40), "checks": (187, 152, 94, 40), "router": (310, 152, 94, 40),
        "balancer": (433, 152, 94, 40), "leaderboard": (558, 152, 110, 40), "node": (408, 260, 144, 40),
        "proxy": (8, 344, 674, 38),
    }  # fmt: skip
    for number, name in enumerate(services):
        boxes[name] = (12.5 + number * step, 424, width, 48)
    frames: dict[str, tuple[Box, str]] = {
        "clients": ((8, 6, 674, 84), CLIENTS),
        "gateway": ((172, 122, 370, 84), GATEWAY),
        "walls": ((240, 230, 326, 84), NODE),
    }
    ways = [("clients", "checks"), *WAYS, ("bench", "leaderboard"), *(("proxy", name) for name in services)]
    return Layout(690, 480, boxes, frames, ways)


def upright() -> Layout:
    """From top to bottom, 360 units wide, for phones."""
    services = list(load_contract().services)
    boxes: dict[str, Box] = {
        "classroom": (20, 36, 152, 40), "chat": (188, 36, 152, 40), "bench": (20, 86, 152, 40),
        "client": (188, 86, 152, 40), "checks": (20, 200, 96, 40), "router": (132, 200, 96, 40),
        "balancer": (244, 200, 96, 40), "leaderboard": (6, 308, 108, 40), "node": (224, 308, 122, 40),
        "proxy": (6, 392, 348, 38),
    }  # fmt: skip
    for number, name in enumerate(services):
        row, column = divmod(number, 2)
        alone = number == len(services) - 1 and not column
        boxes[name] = (6 if alone else 6 + column * 180, 466 + row * 50, 348 if alone else 168, 40)
    frames: dict[str, tuple[Box, str]] = {
        "clients": ((6, 6, 348, 132), CLIENTS),
        "gateway": ((6, 170, 348, 82), GATEWAY),
        "walls": ((122, 278, 232, 82), NODE_SHORT),
    }
    ways = [("clients", "checks"), *WAYS, *(("proxy", name) for name in services[:2])]
    return Layout(360, 466 + 50 * -(-len(services) // 2), boxes, frames, ways)


def drawing(
    layout: Layout, kind: str, address: Callable[[str], str] | None = None, states: Mapping[str, bool] | None = None
) -> str:
    """The SVG; `address` turns a page's name into an address, `states` says which parts answer (see `states_of`)."""
    states = states or {}
    parts = {**PARTS, **{name: _service(name) for name in load_contract().services}}
    spots = {**layout.boxes, **{name: box for name, (box, _) in layout.frames.items()}}
    words = "; ".join(f"{part.title}: {part.does}{_SAID[states.get(name)]}" for name, part in parts.items())
    drawn = [
        *(_frame(name, box, title) for name, (box, title) in layout.frames.items()),
        *(_way(spots[start], spots[end]) for start, end in layout.ways),
        *(_box(name, parts[name], box, address, states.get(name)) for name, box in layout.boxes.items()),
    ]
    return (
        f'<svg class="janus-{kind} platform-drawing" viewBox="0 0 {layout.width:g} {layout.height:g}" role="group" '
        f'aria-label="The platform as it runs. {escape(words)}" style="max-width:{layout.width:g}px">'
        f'<defs><marker id="platform-tip-{kind}" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" '
        f'orient="auto"><path d="M0 0L6 3L0 6z" class="tip"/></marker></defs>'
        f"{''.join(drawn).replace('#tip', f'#platform-tip-{kind}')}</svg>"
    )


def _service(name: str) -> Part:
    service = load_contract().services[name]
    return Part(service.title, SERVICE_PAGES.format(name), f"services/{name}/", service.summary)


def _frame(name: str, box: Box, title: str) -> str:
    x, y, width, height = box
    # The way into the gateway is on its left, where the other frames have their titles.
    at, anchor = (x + width - 10, "end") if name == "gateway" else (x + 10, "start")
    return (
        f'<rect class="frame" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'
        f'<text class="frame-title" x="{at:g}" y="{y + 20:g}" text-anchor="{anchor}">{escape(title)}</text>'
    )


def _way(start: Box, end: Box) -> str:
    """A line from box to box: sideways where they stand in one row, else from the lower side to the upper one."""
    (x, y, w, h), (to_x, to_y, to_w, to_h) = start, end
    if abs((y + h / 2) - (to_y + to_h / 2)) < h:
        right = to_x > x
        ends = (x + (w if right else 0), y + h / 2, to_x + (0 if right else to_w), to_y + to_h / 2)
        return f'<path class="way" d="M{ends[0]:g} {ends[1]:g}L{ends[2]:g} {ends[3]:g}" marker-end="url(#tip)"/>'
    # Straight down where one of the two is wide enough, else in a curve.
    at = goal = to_x + to_w / 2
    if not x <= at <= x + w:
        at = x + w / 2
        goal = min(max(at, to_x + 12), to_x + to_w - 12)
    bend = (to_y - y - h) / 2
    return (
        f'<path class="way" d="M{at:g} {y + h:g}C{at:g} {y + h + bend:g} {goal:g} {to_y - bend:g} {goal:g} {to_y:g}" '
        'marker-end="url(#tip)"/>'
    )


def _box(name: str, part: Part, box: Box, address: Callable[[str], str] | None, answers: bool | None) -> str:
    x, y, width, height = box
    lines = _lines(part.title, width)
    middle = y + height / 2 + 5 - (len(lines) - 1) * 9
    text = "".join(
        f'<text x="{x + width / 2:g}" y="{middle + n * 18:g}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    folder = f" Folder: {part.folder}" if part.folder else ""
    tag, leads = ("g", "") if address is None else ("a", f' href="{escape(address(part.page))}"')
    return (
        f'<{tag}{leads} data-part="{name}"><title>{escape(part.does + folder + _SAID[answers])}</title>'
        f'<rect class="part" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>{text}'
        f"{_state(x + width - 8, y + 8, answers)}</{tag}>"
    )


def _state(x: float, y: float, answers: bool | None) -> str:
    """A dot where the part answers, a cross where it does not: shapes, for who does not tell the colours apart."""
    if answers is None:
        return ""
    if answers:
        return f'<circle class="up" cx="{x:g}" cy="{y:g}" r="4"/>'
    return f'<path class="down" d="M{x - 4:g} {y - 4:g}l8 8m0-8l-8 8"/>'


def _lines(title: str, width: float) -> list[str]:
    """The title in one line, or in two where it is too long for the box; a letter is some 8 units wide."""
    words = title.split()
    if len(title) * 8 <= width - 8 or len(words) < 2:
        return [title]
    return [words[0], " ".join(words[1:])]


KINDS = {"wide": wide, "upright": upright}


def states_of(status: Mapping[str, Any]) -> dict[str, bool]:
    """Which parts of a running platform answer, by its status (`status.schema.json`)."""
    gateway = dict.fromkeys(("checks", "router", "balancer"), bool(status["gateway"]["healthy"]))
    services = {service["name"]: bool(service["healthy"]) for service in status["services"]}
    # An idle implementation starts with its first request.
    nodes = any(one.get("state") != "failed" for one in status["implementations"])
    return {**gateway, "node": nodes, "proxy": bool(status["egress"]["address"]), **services}


def alone(kind: str, states: Mapping[str, bool] | None = None) -> str:
    """The drawing as a file of its own: light or dark as its reader's system is. `kind` is one of KINDS."""
    layout = KINDS[kind]()
    drawn = drawing(layout, kind, states=states)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width:g}" height="{layout.height:g}" '
    return drawn.replace("<svg ", head, 1).replace("<defs>", f"{_STYLE}<defs>", 1)


class Drawing:
    """The platform as a notebook shows it, with the state of each part."""

    def __init__(self, states: Mapping[str, bool]) -> None:
        self.states = dict(states)

    def _repr_html_(self) -> str:
        return alone("wide", self.states).replace("<svg ", '<svg style="width:100%" ', 1)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {'answers' if up else 'does not answer'}" for name, up in self.states.items())
