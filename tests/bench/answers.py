"""Ways to answer a suite: rightly, built from what each item's checks want, and by cheating."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

from janus_bench import evaluators
from janus_bench.suites.loader import Item, Suite
from tests.bench.ground_truth import Reply, Request, stream

SOLUTIONS = {
    "labels": """def labels(n):
    return ["fizzbuzz" if i % 15 == 0 else "fizz" if i % 3 == 0 else "buzz" if i % 5 == 0 else str(i)
            for i in range(1, n + 1)]""",
    "runs": """import itertools
def runs(text):
    return [[key, len(list(group))] for key, group in itertools.groupby(text)]""",
    "merge": """def merge(spans):
    out = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return out""",
    "percentile": """def percentile(values, p):
    ordered = sorted(values)
    rank = (len(ordered) - 1) * p / 100
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)""",
}


def png(width: int = 80, height: int = 80, blank: bool = False) -> bytes:
    """A grey picture: a diagonal line, or nothing."""
    rows = b"".join(b"\0" + bytes(0 if not blank and x == y else 255 for x in range(width)) for y in range(height))

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def artifact(data: bytes | None = None, media_type: str = "image/png") -> dict[str, str]:
    """An artifact as chunks carry it."""
    return {"type": media_type, "name": "plot.png", "data": base64.b64encode(data or png()).decode()}


def right_answer(item: Item) -> tuple[str, list[dict[str, Any]], list[dict[str, str]]]:
    """(text, tool calls, artifacts) that fulfil every check of an item."""
    text, calls, pictures = "", [], []
    points = next((check.points for check in item.checks if isinstance(check, evaluators.Form)), 0)
    for check in item.checks:
        match check:
            case evaluators.Exact():
                text += check.answers[0]
            case evaluators.Number():
                text += f"I worked it out step by step.\nAnswer: {check.value}"
            case evaluators.Facts() if points:
                text += "\n".join(f"- then comes the {group[0]} packet" for group in check.require)
            case evaluators.Facts():
                text += "It is known that " + " and that it is ".join(group[0].rstrip("*") for group in check.require)
            case evaluators.Sources():
                text += f"\n\nSources:\n- [page](https://{check.any_of[0]})"
            case evaluators.Unanswerable():
                text += "The sources do not cover this."
            case evaluators.Code():
                text += f"Here it is:\n```python\n{SOLUTIONS[check.function]}\n```"
            case evaluators.ToolCall():
                calls.append({"index": 0, "function": {"name": check.name, "arguments": json.dumps(check.arguments)}})
            case evaluators.Artifact():
                pictures.append(artifact())
    return text, calls, pictures


class Implementation:
    """Answers every question of a suite rightly, word by word."""

    def __init__(self, suite: Suite, seed: int = 0, model: str = "honest") -> None:
        self.items = {item.messages[-1]["content"]: item for item in suite.items(seed)}
        self.suite = suite
        self.model = model
        self.usage = {"prompt_tokens": 30, "completion_tokens": 30, "cost_usd": 0.0001, "sandbox_seconds": 0.0}

    def __call__(self, request: Request) -> Reply:
        item = self.items.get(request["messages"][-1]["content"])
        if item is None:
            return stream(["I am ", "ready."], model=self.model)
        return self.reply(item)

    def reply(self, item: Item) -> Reply:
        text, calls, pictures = right_answer(item)
        pieces = [piece for piece in text.replace(" ", " \0").split("\0") if piece]
        finish = "tool_calls" if calls else "stop"
        extras = {"tool_calls": calls or None, "artifacts": pictures or None, "finish": finish}
        return stream(pieces, model=self.model, usage=self.usage, **extras)


class Echo(Implementation):
    """Repeats the question."""

    def reply(self, item: Item) -> Reply:
        return stream([f"{word} " for word in item.prompt.split()], model=self.model, usage=self.usage)


class Constant(Implementation):
    """Says the same to everything."""

    answer = "The sources do not cover this."

    def reply(self, item: Item) -> Reply:
        return stream([f"{word} " for word in self.answer.split()], model=self.model, usage=self.usage)


class Salad(Constant):
    """Lists every word that any answer of the suite needs, sources included."""

    def __init__(self, suite: Suite, seed: int = 0, model: str = "salad") -> None:
        super().__init__(suite, seed, model)
        terms: list[str] = []
        for item in suite.items(seed):
            for check in item.checks:
                if isinstance(check, evaluators.Facts):
                    terms += [group[0] for group in check.require]
                elif isinstance(check, evaluators.Sources):
                    terms.append(f"https://{check.any_of[0]}")
                elif isinstance(check, evaluators.Exact):
                    terms += check.answers
                elif isinstance(check, evaluators.Number):
                    terms.append(str(check.value))
        self.answer = " ".join(dict.fromkeys(terms))
