"""Suites and their items: raw tables as a file has them, and each item as a seed asks it.

An item has an `id`, a `category`, a `prompt` (or whole `messages`), and `checks` (checks/registry.py). What the seed
changes is filled in (filling.py): an answer learned by heart then fails. `pictures` are drawn (drawings.py) and go with
the last message. `one_in` says that only so many answers can be right: what a guess, or an old answer, reaches is taken
off. `twin` names an answerable item of the same kind: an unanswerable item counts only if its twin was answered,
because saying "I do not know" to everything is no skill. Tools, where given, are sent as they stand.

The categories are the seven of quality, and two whose answers count for speed, cost and streaming alone: "streaming"
has long answers, "cost" has questions that few words answer, and more words are wrong there.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from typing import Any

from janus_bench.checks.registry import Check, build_check
from janus_bench.checks.verdict import Subject, Verdict
from janus_bench.constants import load_scoring
from janus_bench.suites.drawings import data_url
from janus_bench.suites.filling import filled, is_seeded, values_for

CATEGORIES: tuple[str, ...] = (*load_scoring()["quality"]["categories"], "streaming", "cost")


@dataclass(frozen=True)
class Item:
    """One question as it is asked: variables filled in, checks built.

    `seeded` says that the seed decides what is asked or right, `drawn` that it decides what is right, so that no answer
    can be known by heart; `chance` is the score that guessing reaches. Each `repeat` is another draw of the same item.
    """

    id: str
    category: str
    messages: tuple[dict[str, Any], ...]
    checks: tuple[Check, ...]
    twin: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    seeded: bool = False
    drawn: bool = False
    one_in: int = 0
    repeat: int = 0

    @property
    def prompt(self) -> str:
        """The text that the user said, all turns."""
        return "\n".join(spoken(message) for message in self.messages if message["role"] == "user")

    @property
    def wants_artifact(self) -> bool:
        """Whether a picture is part of the answer."""
        return any(check.kind == "artifact" for check in self.checks)

    @property
    def shows_picture(self) -> bool:
        """Whether a picture is part of the question."""
        return any(not isinstance(message["content"], str) for message in self.messages)

    @property
    def runs_code(self) -> bool:
        """Whether code in the answer is run."""
        return any(check.kind in ("code", "program") for check in self.checks)

    @property
    def wants_judge(self) -> bool:
        """Whether a judge has to read the answer."""
        return any(check.kind == "judged" for check in self.checks)

    @property
    def chance(self) -> float:
        """The score that guessing reaches: one in so many where few answers are possible, else 0."""
        share = 1.0
        for check in self.checks:
            share *= getattr(check, "chance", 0.0)
        return max(share, 1 / self.one_in if self.one_in else 0.0)

    def evaluate(self, subject: Subject) -> list[tuple[str, Verdict]]:
        """Every check's kind and verdict."""
        return [(check.kind, check.evaluate(subject)) for check in self.checks]


def spoken(message: dict[str, Any]) -> str:
    """The text of a message, its pictures left out."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if part.get("type") == "text")


@dataclass(frozen=True)
class Suite:
    """A named list of raw items. `hash` is the SHA-256 of their canonical JSON, everything a seed may draw included.

    `sampled` says of how many of the items without `quick` the seed chooses, by category; without it, all are asked.
    """

    name: str
    description: str
    raw_items: tuple[dict[str, Any], ...]
    sampled: dict[str, int] = field(default_factory=dict)
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        items = [{name: value for name, value in raw.items() if name != "quick"} for raw in self.raw_items]
        hashed = [items, self.sampled] if self.sampled else items
        canonical = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        object.__setattr__(self, "hash", hashlib.sha256(canonical.encode()).hexdigest())

    def items(self, seed: int, repeats: int = 1) -> list[Item]:
        """The items as `seed` asks them, in the order of the file; each repeat asks the same ones, drawn anew."""
        raw_items = [raw for raw in self.raw_items if raw["id"] in self._chosen(seed)]
        return [
            build_item(raw, seed, sampled=bool(self.sampled), repeat=repeat)
            for repeat in range(repeats)
            for raw in raw_items
        ]

    @property
    def size(self) -> int:
        """How many items are asked."""
        return len(self._chosen(0))

    def _chosen(self, seed: int) -> set[str]:
        if not self.sampled:
            return {raw["id"] for raw in self.raw_items}
        chosen = {raw["id"] for raw in self.raw_items if raw.get("quick")}
        for category, count in self.sampled.items():
            pool = [raw["id"] for raw in self.raw_items if raw["category"] == category and not raw.get("quick")]
            chosen.update(random.Random(f"{seed}:{category}").sample(pool, count))
        return chosen

    def only(self, category: str) -> Suite:
        """The items of one category, as a suite of its own with its own hash."""
        chosen = [raw for raw in self.raw_items if raw["category"] == category]
        name = category if self.name == "quick" else f"{self.name}/{category}"
        sampled = {key: count for key, count in self.sampled.items() if key == category}
        return Suite(name, f"The {category} items of {self.name}.", without_lost_twins(chosen), sampled)


def without_lost_twins(raw_items: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Items whose twin is not among them stand alone: it would make them impossible to answer."""
    ids = {raw["id"] for raw in raw_items}
    return tuple({**raw, "twin": ""} if raw.get("twin", "") not in {"", *ids} else raw for raw in raw_items)


def product(verdicts: list[tuple[str, Verdict]]) -> float:
    """The score of an item, 0 to 1: the product of its checks' scores."""
    score = 1.0
    for _, verdict in verdicts:
        score *= verdict.score
    return score


def build_item(raw: dict[str, Any], seed: int, *, sampled: bool = False, repeat: int = 0) -> Item:
    """Fill in what `seed` draws, draw the pictures, and build the checks. Raises ValueError."""
    return build_with(raw, values_for(raw, seed, repeat), sampled=sampled, repeat=repeat)


def build_with(raw: dict[str, Any], values: dict[str, Any], *, sampled: bool = False, repeat: int = 0) -> Item:
    """The item with these values in their places; `sampled` says that the seed chose it. Raises ValueError."""
    filled_item = filled(raw, values)
    messages = [
        dict(message) for message in filled_item.get("messages") or [{"role": "user", "content": filled_item["prompt"]}]
    ]
    if filled_item.get("pictures"):
        shown = [{"type": "image_url", "image_url": {"url": data_url(picture)}} for picture in filled_item["pictures"]]
        messages[-1]["content"] = [{"type": "text", "text": spoken(messages[-1])}, *shown]
    return Item(
        id=raw["id"],
        category=raw["category"],
        messages=tuple(messages),
        checks=tuple(build_check(table) for table in filled_item["checks"]),
        twin=raw.get("twin", ""),
        tools=tuple(filled_item.get("tools", ())),
        seeded=sampled or is_seeded(raw),
        drawn=is_seeded(raw),
        one_in=raw.get("one_in", 0),
        repeat=repeat,
    )
