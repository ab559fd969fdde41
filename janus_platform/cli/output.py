"""Output of the command line: what others wrote is printed without control characters."""

from __future__ import annotations

import re
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """`text` with control characters spelled out: escape sequences could redraw the terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def say(text: str, *, err: bool = False) -> None:
    """Print `text`, cleaned."""
    typer.echo(clean(text), err=err)
