"""`janus.toml`, by which a folder says what runs in it when that is not `python main.py`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from janus_platform.node.errors import NodeError

FILE = "janus.toml"
DEFAULT_ENTRY = "main.py"
MAX_BYTES, MAX_PARTS, MAX_PART = 10_000, 50, 1_000
_EXAMPLE = 'It says `[run]` and below it `command = ["node", "main.js"]`.'


class JanusTomlError(NodeError):
    """The file cannot be used; the message says why, and what belongs there."""


def python_command(entry: str) -> tuple[str, ...]:
    """The command that runs a Python entry point; `python` stands for the platform's own interpreter."""
    return ("python", "-u", entry)


def command_of(folder: Path, entry: str, command: Sequence[str] = ()) -> tuple[str, ...]:
    """What runs in `folder`: `command`, else what its janus.toml says, else the Python file `entry`.

    An entry point of another name than the usual one counts more than the file. Raises JanusTomlError.
    """
    if command:
        return tuple(command)
    declared = read_command(folder) if entry == DEFAULT_ENTRY else None
    return declared or python_command(entry)


def read_command(folder: Path) -> tuple[str, ...] | None:
    """The command that the folder's janus.toml gives; None where there is no such file. Raises JanusTomlError."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise JanusTomlError(f"it has more than {MAX_BYTES:,} bytes. {_EXAMPLE}")
        return _command(tomllib.loads(content.decode("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise JanusTomlError(f"it cannot be read: {str(error)[:200]}. {_EXAMPLE}") from error


def _command(content: dict[str, Any]) -> tuple[str, ...]:
    run = content.get("run")
    if not isinstance(run, dict) or "command" not in run:
        raise JanusTomlError(f"it names no command. {_EXAMPLE}")
    if unknown := [*(set(content) - {"run"}), *(set(run) - {"command"})]:
        raise JanusTomlError(f"it has {sorted(unknown)[0][:80]!a}, which is not a known setting. {_EXAMPLE}")
    command = run["command"]
    if not isinstance(command, list) or not 0 < len(command) <= MAX_PARTS or not all(map(_is_part, command)):
        raise JanusTomlError(
            f"command is a list of 1 to {MAX_PARTS} texts, each of up to {MAX_PART:,} characters. {_EXAMPLE}"
        )
    return tuple(command)


def _is_part(part: object) -> bool:
    return isinstance(part, str) and 0 < len(part) <= MAX_PART and part.isprintable()
