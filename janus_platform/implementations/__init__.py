"""The implementations that come with the platform: each a folder with a program of its own that imports none of it."""

from __future__ import annotations

from pathlib import Path

BASELINE = "research"
BUNDLED = (BASELINE, "direct", "echo")
# Answers, fails or attacks as the message says: the notebooks deploy it to show how the platform handles that.
GUEST = Path(__file__).with_name("guest")
# The files that `janus new` copies.
TEMPLATE = Path(__file__).with_name("template")
TEMPLATES = {
    "python": TEMPLATE,
    "node": Path(__file__).with_name("template_node"),
    "go": Path(__file__).with_name("template_go"),
}
# What the template becomes on the pages of the road upward, a file a skill.
ROAD = Path(__file__).with_name("road")


def bundled() -> dict[str, Path]:
    """The folder of each bundled implementation, by name."""
    return {name: Path(__file__).with_name(name) for name in BUNDLED}
