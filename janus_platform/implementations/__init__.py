"""The implementations that come with the platform: each a folder with a program of its own that imports none of it."""

from __future__ import annotations

from pathlib import Path

BASELINE = "research"
BUNDLED = (BASELINE, "direct", "echo")


# Does what it is told, well or badly: the notebooks deploy it to show what the platform makes of it.
GUEST = Path(__file__).with_name("guest")
# What a new implementation begins as: `janus new`.
TEMPLATE = Path(__file__).with_name("template")


def bundled() -> dict[str, Path]:
    """The folder of each bundled implementation, by name."""
    return {name: Path(__file__).with_name(name) for name in BUNDLED}
