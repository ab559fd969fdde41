"""Draws the book's Mermaid diagrams into `book/_diagrams/`: `make diagrams` runs this module.

Mermaid is installed from npm below `.make/`, once; a headless Chromium runs it. No request leaves the machine while it
draws. Files that no page uses any more are removed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mermaid_cache import DIAGRAMS, MERMAID_VERSION, MODES, Diagram, configuration, diagrams_in, tidy

from tools.browser import FLAGS, find_browser, missing_browser_help

NPM_ROOM = ROOT / ".make" / "mermaid"
NPM_SECONDS = 120
PAGES = ("book/*.md", "notebooks/*.ipynb")
_DRAW = """async ([id, source, configuration]) => {
    mermaid.initialize(configuration);
    const { svg } = await mermaid.render(id, source);
    document.body.innerHTML = svg;
    const root = document.body.querySelector("svg");
    // Titles of boxes last, so that no arrow is drawn over them.
    for (const label of root.querySelectorAll(".cluster-label")) {
        const { a, b, c, d, e, f } = root.getCTM().inverse().multiply(label.getCTM());
        label.setAttribute("transform", `matrix(${[a, b, c, d, e, f].map(n => +n.toFixed(3)).join(" ")})`);
        root.append(label);
    }
    return new XMLSerializer().serializeToString(root);
}"""


class DrawingError(RuntimeError):
    """A diagram could not be drawn; the message says which and what to do."""


def draw(diagrams: Iterable[Diagram], folder: Path = DIAGRAMS) -> int:
    """Draw those diagrams that have no file yet; returns how many were drawn. Raises DrawingError."""
    missing = [diagram for diagram in dict.fromkeys(diagrams) if not diagram.is_drawn(folder)]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        _draw_all(missing, folder)
    return len(missing)


def used_diagrams(root: Path = ROOT) -> list[Diagram]:
    """The diagrams of every page and notebook."""
    texts = [_markdown_of(path) for pattern in PAGES for path in sorted(root.glob(pattern))]
    return [diagram for text in texts for diagram in diagrams_in(text)]


def main() -> int:
    """Bring `book/_diagrams/` up to date and say what changed; 1 when a diagram could not be drawn."""
    used = used_diagrams()
    try:
        drawn = draw(used)
    except DrawingError as error:
        print(error, file=sys.stderr)
        return 1
    wanted = {diagram.file(mode).name for diagram in used for mode in MODES}
    stale = [path for path in DIAGRAMS.glob("*.svg") if path.name not in wanted]
    for path in stale:
        path.unlink()
    print(f"{len(set(used))} diagrams: {drawn} drawn, {len(stale)} old files removed")
    return 0


def _draw_all(diagrams: list[Diagram], folder: Path) -> None:
    from playwright.sync_api import sync_playwright  # a test dependency: the book builds without it

    browser_path = find_browser()
    if browser_path is None:
        raise DrawingError(missing_browser_help())
    script = _mermaid_script()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
        page = browser.new_page()
        page.set_content("<!doctype html><title>diagrams</title><body></body>")
        page.add_script_tag(path=script)
        for diagram in diagrams:
            for mode in MODES:
                root_id = f"mermaid-{diagram.key[:8]}-{mode}"
                try:
                    svg = page.evaluate(_DRAW, [root_id, diagram.source, configuration(mode)])
                except Exception as error:
                    raise DrawingError(f"Mermaid rejects this diagram: {error}\n\n{diagram.source}") from error
                diagram.file(mode, folder).write_text(tidy(svg, "", root_id) + "\n", encoding="utf-8")
        browser.close()


def _mermaid_script() -> Path:
    script = NPM_ROOM / "node_modules/mermaid/dist/mermaid.min.js"
    stamp = NPM_ROOM / "node_modules/mermaid/package.json"
    if script.is_file() and json.loads(stamp.read_text(encoding="utf-8"))["version"] == MERMAID_VERSION:
        return script
    npm = shutil.which("npm")
    if npm is None:
        raise DrawingError("Drawing a new diagram needs npm. Install Node.js, then run: make diagrams")
    NPM_ROOM.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(NPM_ROOM), "--no-audit", "--no-fund", f"mermaid@{MERMAID_VERSION}"]
    # Without a network npm would try again for minutes.
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    command += ["--fetch-timeout=30000"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DrawingError(f"npm did not install mermaid@{MERMAID_VERSION} within {NPM_SECONDS} s") from error
    if done.returncode:
        raise DrawingError(f"npm could not install mermaid@{MERMAID_VERSION}:\n{done.stderr[-2000:]}")
    return script


def _markdown_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


if __name__ == "__main__":
    raise SystemExit(main())
