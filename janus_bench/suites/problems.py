"""Problems of a suite's items, each one sentence that names item and field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from janus_bench.checks.verdict import Subject
from janus_bench.errors import SuiteError
from janus_bench.suites.files import read_file
from janus_bench.suites.filling import values_for, worked_out
from janus_bench.suites.model import CATEGORIES, Suite, build_with, product, spoken

MAX_ITEMS = 20_000
_SEEDS = range(3)  # drawn values are tried for as many seeds
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TYPES: dict[str, type] = {
    "id": str,
    "category": str,
    "prompt": str,
    "messages": list,
    "checks": list,
    "variants": list,
    "draw": dict,
    "let": dict,
    "pictures": list,
    "tools": list,
    "twin": str,
    "quick": bool,
    "one_in": int,
}


def inspect(path: Path) -> list[str]:
    """Everything that is wrong with a suite file; also, in one that can be used, points that are given for nothing."""
    try:
        name, description, raw_items = read_file(path)
    except SuiteError as error:
        return [str(error)]
    return problems(raw_items) or loopholes(Suite(name, description, tuple(raw_items)))


def problems(raw_items: list[Any]) -> list[str]:
    """Everything that keeps these items from being used."""
    issues: list[str] = []
    if not 0 < len(raw_items) <= MAX_ITEMS:
        issues.append(f"a suite has 1 to {MAX_ITEMS} items, this one {len(raw_items)}")
    seen: set[str] = set()
    ids = {str(raw.get("id")) for raw in raw_items if isinstance(raw, dict)}
    for number, raw in enumerate(raw_items, 1):
        label = f"item {raw.get('id', number)!r}" if isinstance(raw, dict) else f"item {number}"
        issues += [f"{label}: {problem}" for problem in _item_problems(raw, ids, seen)]
    return issues


def loopholes(suite: Suite, seed: int = 0) -> list[str]:
    """Items that give points for nothing: to an empty answer, or to one that repeats the question."""
    issues = []
    for item in suite.items(seed):
        question = "\n".join(spoken(message) for message in item.messages)
        for cheat, answer in (("an empty answer", ""), ("repeating everything", question), ("echoing", item.prompt)):
            if product(item.evaluate(Subject(item.prompt, answer))) > 0:
                issues.append(f"item {item.id!r}: {cheat} scores")
    return issues


def _item_problems(raw: Any, ids: set[str], seen: set[str]) -> list[str]:
    if not isinstance(raw, dict):
        return ["is not a table"]
    unknown = sorted(str(name) for name in raw.keys() - _TYPES.keys())
    issues = [f"{name}: no such field (known: {', '.join(sorted(_TYPES))})" for name in unknown]
    if not (isinstance(raw.get("id"), str) and _ID.fullmatch(raw["id"])):
        return [*issues, "id: must be lower-case letters, digits and hyphens"]
    if raw["id"] in seen:
        issues.append("id: used more than once")
    seen.add(raw["id"])
    wrong = [name for name, kind in _TYPES.items() if name in raw and not isinstance(raw[name], kind)]
    if wrong:
        return [*issues, *(f"{name}: must be {_spelled(_TYPES[name])}" for name in wrong)]
    if raw.get("category") not in CATEGORIES:
        issues.append(f"category: must be one of {', '.join(CATEGORIES)}")
    if raw.get("twin") and (raw["twin"] not in ids or raw["twin"] == raw["id"]):
        issues.append(f"twin: there is no other item {raw['twin']!r}")
    if type(raw.get("one_in", 2)) is not int or raw.get("one_in", 2) < 2:
        issues.append("one_in: must be a whole number from 2 on")
    for name in ("variants", "checks", "messages", "tools", "pictures"):
        if not all(isinstance(entry, dict) for entry in raw.get(name, [])):
            return [*issues, f"{name}: must be a list of tables"]
    return issues + _content_problems(raw)


def _content_problems(raw: dict[str, Any]) -> list[str]:
    issues = []
    if ("prompt" in raw) == ("messages" in raw):
        issues.append("prompt: give either `prompt` or `messages`")
    elif "prompt" in raw and not raw["prompt"].strip():
        issues.append("prompt: must be a text")
    elif raw.get("messages") == []:
        issues.append("messages: needs at least one")
    for message in raw.get("messages", []):
        if message.get("role") not in ("system", "user", "assistant") or not isinstance(message.get("content"), str):
            issues.append("messages: each needs a role (system, user, assistant) and a content")
    if not raw.get("checks"):
        issues.append("checks: needs at least one")
    return issues or _build_problems(raw)


def _build_problems(raw: dict[str, Any]) -> list[str]:
    """Every variant must build, not only the chosen one; of what is drawn, a few."""
    issues = []
    for seed in _SEEDS if raw.get("draw") else _SEEDS[:1]:
        try:
            drawn = values_for(raw, seed)
        except ValueError as error:
            return [str(error)]
        for variant in raw.get("variants") or [{}]:
            try:
                values = {**drawn, **variant}
                build_with(raw, values | worked_out(raw, values))
            except (ValueError, TypeError, KeyError) as error:
                issues.append(_said(error))
    return list(dict.fromkeys(issues))


def _said(error: Exception) -> str:
    message = str(error)
    return message if message.startswith(("draw.", "let.", "picture")) else f"checks: {message}"


def _spelled(kind: type) -> str:
    return {str: "a text", list: "a list", dict: "a table", bool: "true or false", int: "a whole number"}[kind]
