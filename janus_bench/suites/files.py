"""Read suite files: TOML, YAML, JSON Lines. Everything in them is hostile until the checks have passed.

A TOML or YAML file has `name`, `description` and `items`; a YAML file may also be the list of items itself; in JSON
Lines every line is one item. YAML needs the package PyYAML, which the bench's base does not bring.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from janus_bench.errors import SuiteError

MAX_FILE_BYTES = 8 * 1024 * 1024
SUFFIXES = (".toml", ".yaml", ".yml", ".jsonl")


class SuiteFile(NamedTuple):
    """What a file says, items unchecked."""

    name: str
    description: str
    items: list[Any]


def read_file(path: Path) -> SuiteFile:
    """Read a suite file. Raises SuiteError for one that cannot be read or parsed."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SuiteError(f"{path} is larger than {MAX_FILE_BYTES} bytes", "Split it into several suites.")
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SuiteError(f"cannot read {path}: {reason}", "Check the path.") from None
    try:
        return _parsed(path, source)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{path} cannot be parsed: {error}", "Fix the line it names.") from None


def _parsed(path: Path, source: str) -> SuiteFile:
    if path.suffix == ".jsonl":
        lines = [(number, line) for number, line in enumerate(source.split("\n"), 1) if line.strip()]
        return SuiteFile(path.stem, "", [_line(number, line) for number, line in lines])
    table: Any = tomllib.loads(source) if path.suffix == ".toml" else _yaml(source)
    if isinstance(table, list):
        return SuiteFile(path.stem, "", table)
    if not isinstance(table, dict):
        raise ValueError("it is neither a table with `items` nor a list of items")
    items = table.get("items", [])
    if not isinstance(items, list):
        how = (
            "Write each item as [[items]]." if path.suffix == ".toml" else "Write each item as a list entry: `- id: …`."
        )
        raise SuiteError(f"{path}: `items` is not a list", how)
    return SuiteFile(str(table.get("name", path.stem)), str(table.get("description", "")), items)


def _line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None


def _yaml(source: str) -> Any:
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        remedy = "`pip install pyyaml`, or write the suite as TOML or JSON Lines."
        raise SuiteError("reading YAML needs the package PyYAML", remedy) from None
    try:
        # a few aliases of aliases make gigabytes of a few lines
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(source)):
            raise ValueError("aliases (*name) are not supported; write the value out")
        return yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
