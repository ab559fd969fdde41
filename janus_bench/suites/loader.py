"""Loads a suite from TOML or JSON Lines, says what is wrong with it, and fixes its hash.

A suite file has a `name`, a `description` and `items`; in JSON Lines every line is one item. An item has an `id`, a
`category`, a `prompt` (or whole `messages`), and `checks` (see evaluators.py). `variants` is a list of tables: the
run's seed chooses one, and its values replace `{name}` in prompt and checks, so that an answer learned by heart fails.
`twin` names an answerable item of the same kind: an unanswerable item counts only if its twin was answered, because
saying "I do not know" to everything is no skill. Tools, where given, are sent as they stand.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from janus_bench.constants import load_scoring
from janus_bench.errors import SuiteError
from janus_bench.evaluators import Check, build_check
from janus_bench.verdicts import Subject, Verdict

CATEGORIES: tuple[str, ...] = (*load_scoring()["quality"]["categories"], "streaming")
BUNDLED = ("quick",)
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_ITEMS = 5000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FIELDS = {"id", "category", "prompt", "messages", "checks", "variants", "twin", "tools"}


@dataclass(frozen=True)
class Item:
    """One question as it is asked: variables filled in, checks built."""

    id: str
    category: str
    messages: tuple[dict[str, Any], ...]
    checks: tuple[Check, ...]
    twin: str = ""
    tools: tuple[dict[str, Any], ...] = ()

    @property
    def prompt(self) -> str:
        """The text that the user said, all turns."""
        return "\n".join(str(message["content"]) for message in self.messages if message["role"] == "user")

    @property
    def wants_artifact(self) -> bool:
        """Whether a picture is part of the answer."""
        return any(check.kind == "artifact" for check in self.checks)

    def evaluate(self, subject: Subject) -> list[tuple[str, Verdict]]:
        """Every check's kind and verdict."""
        return [(check.kind, check.evaluate(subject)) for check in self.checks]


@dataclass(frozen=True)
class Suite:
    """A named list of raw items. `hash` is the SHA-256 of their canonical JSON, variants included."""

    name: str
    description: str
    raw_items: tuple[dict[str, Any], ...]
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        canonical = json.dumps(self.raw_items, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        object.__setattr__(self, "hash", hashlib.sha256(canonical.encode()).hexdigest())

    def items(self, seed: int) -> list[Item]:
        """The items as `seed` asks them, in the order of the file."""
        return [build_item(raw, seed) for raw in self.raw_items]

    def only(self, category: str) -> Suite:
        """The items of one category, as a suite of its own with its own hash."""
        chosen = [raw for raw in self.raw_items if raw["category"] == category]
        ids = {raw["id"] for raw in chosen}
        chosen = [{**raw, "twin": ""} if raw.get("twin", "") not in {"", *ids} else raw for raw in chosen]
        return Suite(category, f"The {category} items of {self.name}.", tuple(chosen))


def load_suite(name: str) -> Suite:
    """A bundled suite by name, one category of the quick suite, or a suite file by path. Raises SuiteError."""
    if name in BUNDLED:
        return read_suite(Path(__file__).with_name(f"{name}.toml"))
    if name in CATEGORIES:
        return load_suite("quick").only(name)
    if name.endswith((".toml", ".jsonl")):
        return read_suite(Path(name))
    known = ", ".join((*BUNDLED, *CATEGORIES))
    raise SuiteError(f"there is no suite {name!r}", f"Known: {known}; or give the path of a .toml or .jsonl file.")


def read_suite(path: Path) -> Suite:
    """Read and check a suite file. Raises SuiteError with the first problem; `problems` lists them all."""
    name, description, raw_items = _read(path)
    found = problems(raw_items)
    if found:
        raise SuiteError(f"{path.name}: {found[0]}", f"`janus-bench validate {path}` lists every problem.")
    return Suite(name, description, tuple(raw_items))


def inspect(path: Path) -> list[str]:
    """Everything that is wrong with a suite file; also, in one that can be used, points that are given for nothing."""
    try:
        name, description, raw_items = _read(path)
    except SuiteError as error:
        return [str(error)]
    return problems(raw_items) or loopholes(Suite(name, description, tuple(raw_items)))


def problems(raw_items: list[dict[str, Any]]) -> list[str]:
    """Everything that keeps these items from being used, each as one sentence that names item and field."""
    found: list[str] = []
    if not 0 < len(raw_items) <= MAX_ITEMS:
        found.append(f"a suite has 1 to {MAX_ITEMS} items, this one {len(raw_items)}")
    ids = [raw.get("id") for raw in raw_items if isinstance(raw, dict)]
    for number, raw in enumerate(raw_items, 1):
        label = f"item {raw.get('id', number)!r}" if isinstance(raw, dict) else f"item {number}"
        found += [f"{label}: {problem}" for problem in _item_problems(raw, ids)]
    return found


def loopholes(suite: Suite, seed: int = 0) -> list[str]:
    """Items that give points for nothing: to an empty answer, or to one that repeats the question."""
    found = []
    for item in suite.items(seed):
        said = "\n".join(str(message["content"]) for message in item.messages)
        for cheat, answer in (("an empty answer", ""), ("repeating everything", said), ("echoing", item.prompt)):
            if product(item.evaluate(Subject(item.prompt, answer))) > 0:
                found.append(f"item {item.id!r}: {cheat} scores")
    return found


def product(verdicts: list[tuple[str, Verdict]]) -> float:
    """The score of an item, 0 to 1: the product of its checks' scores."""
    score = 1.0
    for _, verdict in verdicts:
        score *= verdict.score
    return score


def build_item(raw: dict[str, Any], seed: int) -> Item:
    """Fill in the variant that `seed` chooses, and build the checks. Raises ValueError."""
    variants = raw.get("variants") or [{}]
    values = random.Random(f"{seed}:{raw['id']}").choice(variants)
    filled = _fill({name: raw[name] for name in ("prompt", "messages", "checks") if name in raw}, values)
    messages = filled.get("messages") or [{"role": "user", "content": filled["prompt"]}]
    return Item(
        id=raw["id"],
        category=raw["category"],
        messages=tuple(messages),
        checks=tuple(build_check(table) for table in filled["checks"]),
        twin=raw.get("twin", ""),
        tools=tuple(raw.get("tools", ())),
    )


def _read(path: Path) -> tuple[str, str, list[dict[str, Any]]]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SuiteError(f"{path} is larger than {MAX_FILE_BYTES} bytes", "Split it into several suites.")
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SuiteError(f"cannot read {path}: {reason}", "Check the path.") from None
    try:
        if path.suffix == ".jsonl":
            return path.stem, "", [json.loads(line) for line in source.split("\n") if line.strip()]
        table = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{path} cannot be parsed: {error}", "Mend the line it names.") from None
    items = table.get("items", [])
    if not isinstance(items, list):
        raise SuiteError(f"{path}: `items` is not a list", "Write each item as [[items]].")
    return str(table.get("name", path.stem)), str(table.get("description", "")), items


def _item_problems(raw: Any, ids: list[Any]) -> list[str]:
    if not isinstance(raw, dict):
        return ["is not a table"]
    found = [f"{name}: no such field (known: {', '.join(sorted(_FIELDS))})" for name in sorted(raw.keys() - _FIELDS)]
    if not (isinstance(raw.get("id"), str) and _ID.fullmatch(raw["id"])):
        return [*found, "id: must be lower-case letters, digits and hyphens"]
    if ids.count(raw["id"]) > 1:
        found.append("id: used more than once")
    if raw.get("category") not in CATEGORIES:
        found.append(f"category: must be one of {', '.join(CATEGORIES)}")
    if raw.get("twin") and (raw["twin"] not in ids or raw["twin"] == raw["id"]):
        found.append(f"twin: there is no other item {raw['twin']!r}")
    for name in ("variants", "checks", "messages", "tools"):
        entries = raw.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            return [*found, f"{name}: must be a list of tables"]
    return found + _content_problems(raw)


def _content_problems(raw: dict[str, Any]) -> list[str]:
    found = []
    if ("prompt" in raw) == ("messages" in raw):
        found.append("prompt: give either `prompt` or `messages`")
    elif "prompt" in raw and not (isinstance(raw["prompt"], str) and raw["prompt"].strip()):
        found.append("prompt: must be a text")
    for message in raw.get("messages", []):
        if message.get("role") not in ("system", "user", "assistant") or not isinstance(message.get("content"), str):
            found.append("messages: each needs a role (system, user, assistant) and a content")
    if not raw.get("checks"):
        found.append("checks: needs at least one")
    if found:
        return found
    for values in raw.get("variants") or [{}]:  # every variant must build, not only the chosen one
        for table in _fill(raw["checks"], values):
            try:
                build_check(table)
            except (ValueError, TypeError) as error:
                found.append(f"checks: {error}")
    return list(dict.fromkeys(found))


def _fill(value: Any, values: dict[str, Any]) -> Any:
    """`value` with `{name}` replaced everywhere; a text that is nothing but one name takes the value's own type."""
    if isinstance(value, dict):
        return {name: _fill(entry, values) for name, entry in value.items()}
    if isinstance(value, list):
        return [_fill(entry, values) for entry in value]
    if not isinstance(value, str):
        return value
    for name, replacement in values.items():
        if value == f"{{{name}}}":
            return replacement
        value = value.replace(f"{{{name}}}", str(replacement))
    return value
