"""The directive ```{platform}```: the platform as it runs, drawn twice, wide and upright for phones.

The services come from the contract; every box is a link to the page that explains it and says in its title what it does
and in which folder it is. Letters are 14 units high and the wide drawing is as wide as the text, so that they are at
least 14 px on a screen. Colours are the theme's; the marks are drawn, so that no emoji font is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

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


def drawing(layout: Layout, address: Callable[[str], str], kind: str) -> str:
    """The SVG; `address` turns a page's name into its address on the page that shows this."""
    parts = {**PARTS, **{name: _service(name) for name in load_contract().services}}
    spots = {**layout.boxes, **{name: box for name, (box, _) in layout.frames.items()}}
    words = "; ".join(f"{part.title}: {part.does}" for part in parts.values())
    drawn = [
        *(_frame(name, box, title) for name, (box, title) in layout.frames.items()),
        *(_way(spots[start], spots[end]) for start, end in layout.ways),
        *(_box(name, parts[name], box, address) for name, box in layout.boxes.items()),
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


def _box(name: str, part: Part, box: Box, address: Callable[[str], str]) -> str:
    x, y, width, height = box
    lines = _lines(part.title, width)
    middle = y + height / 2 + 5 - (len(lines) - 1) * 9
    text = "".join(
        f'<text x="{x + width / 2:g}" y="{middle + n * 18:g}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    folder = f" Folder: {part.folder}" if part.folder else ""
    return (
        f'<a href="{escape(address(part.page))}" data-part="{name}"><title>{escape(part.does + folder)}</title>'
        f'<rect class="part" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>{text}</a>'
    )


def _lines(title: str, width: float) -> list[str]:
    """The title in one line, or in two where it is too long for the box; a letter is some 8 units wide."""
    words = title.split()
    if len(title) * 8 <= width - 8 or len(words) < 2:
        return [title]
    return [words[0], " ".join(words[1:])]


class Platform(SphinxDirective):
    """Both drawings; a style shows the one that fits."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """The figure; its content is the caption."""
        builder = self.env.app.builder

        def address(page: str) -> str:
            return builder.get_relative_uri(self.env.docname, page)

        caption = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, caption)
        drawings = f"{drawing(wide(), address, 'wide')}{drawing(upright(), address, 'narrow')}"
        return [
            nodes.raw("", f'<figure class="platform">{drawings}<figcaption>', format="html"),
            *caption.children,
            nodes.raw("", "</figcaption></figure>", format="html"),
        ]


def pages() -> Iterable[str]:
    """The pages that the drawing leads to."""
    yield from (part.page for part in PARTS.values())
    yield from (SERVICE_PAGES.format(name) for name in load_contract().services)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("platform", Platform)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
