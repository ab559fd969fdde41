"""Ways to answer a suite: rightly, built from what each item's checks want, and by cheating."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from janus_bench.checks import registry as evaluators
from janus_bench.suites.model import Item, Suite
from tests.bench.ground_truth import Reply, Request, stream


def encoded(image: Image.Image) -> bytes:
    """A picture as PNG."""
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def png(width: int = 80, height: int = 80, blank: bool = False) -> bytes:
    """A grey picture: a diagonal line, or nothing."""
    image = Image.new("L", (width, height), 255)
    if not blank:
        ImageDraw.Draw(image).line((0, 0, width - 1, height - 1), fill=0)
    return encoded(image)


def artifact(data: bytes | None = None, media_type: str = "image/png") -> dict[str, str]:
    """An artifact as chunks carry it."""
    return {"type": media_type, "name": "plot.png", "data": base64.b64encode(data or png()).decode()}


def picture_of(check: evaluators.Artifact) -> bytes:
    """A picture that fulfils an artifact check: each wanted colour in the places that lie nearest to it."""
    if not check.colours:
        return png()
    across, down = ((np.arange(size) + 0.5) / size for size in (check.width, check.height))
    far = [(spot[0] - across[None, :]) ** 2 + (spot[1] - down[:, None]) ** 2 for spot in check.colours]
    pixels = np.array([spot[2:5] for spot in check.colours], np.uint8)[np.argmin(far, axis=0)]
    # rows that differ, as those of a picture that is not blank do
    pixels[:, :, 0] ^= (np.arange(check.height, dtype=np.uint8) & 7)[:, None]
    return encoded(Image.fromarray(pixels))


def known_values(check: evaluators.Code) -> str:
    """A function that knows the value of each case."""
    table = {json.dumps(arguments): value for arguments, value in check.cases}
    return f"import json\nVALUES = {table!r}\ndef {check.function}(*given):\n    return VALUES[json.dumps(list(given))]"


def value_of(schema: dict[str, Any]) -> Any:
    """A value of a schema that says what each part must be."""
    if "const" in schema:
        return schema["const"]
    return {name: value_of(inner) for name, inner in schema["properties"].items()}


def right_answer(item: Item) -> tuple[str, list[dict[str, Any]], list[dict[str, str]]]:
    """(text, tool calls, artifacts) that fulfil every check of an item."""
    text, calls, pictures = "", [], []
    points = next((check.points for check in item.checks if isinstance(check, evaluators.Form)), 0)
    for check in item.checks:
        match check:
            case evaluators.Exact():
                text += check.answers[0]
            case evaluators.Number():
                short = any(isinstance(other, evaluators.Form) for other in item.checks)
                text += f"{check.value}" if short else f"\nI worked it out step by step.\nAnswer: {check.value}"
            case evaluators.Quantity():
                text += f"I worked it out step by step.\nAnswer: {check.value} {check.unit}"
            case evaluators.Members():
                text += ", ".join(check.members)
            case evaluators.Choice():
                text += f"Answer: {check.answer}"
            case evaluators.Json():
                text += json.dumps(value_of(check.schema))
            case evaluators.Facts() if points:
                text += "\n".join(f"- {group[0]}" for group in check.require)
            case evaluators.Facts():
                text += "It is known that " + " and that it is ".join(group[0].rstrip("*") for group in check.require)
            case evaluators.Sources():
                text += f"\n\nSources:\n- [page](https://{check.any_of[0]})"
            case evaluators.Citation():
                page, facts = next(iter(check.pages.items()))
                said = " and ".join(fact if isinstance(fact, str) else fact[0] for fact in facts).replace("*", "")
                text = f"The page says {said}.\n{text}\n\nSources:\n- [page](https://{page})"
            case evaluators.Unanswerable():
                text += "The sources do not cover this."
            case evaluators.Code():
                text += f"Here it is:\n```python\n{known_values(check)}\n```"
            case evaluators.ToolCall():
                calls.append({"index": 0, "function": {"name": check.name, "arguments": json.dumps(check.arguments)}})
            case evaluators.ToolCalls():
                for call in check.calls:
                    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
                    calls.append({"index": len(calls), "function": function})
            case evaluators.Artifact():
                pictures.append(artifact(picture_of(check)))
    return text, calls, pictures


class Implementation:
    """Answers every question of a suite rightly, word by word."""

    def __init__(self, suite: Suite, seed: int = 0, model: str = "honest") -> None:
        # a few repeats, each drawn anew
        self.items = {json.dumps(item.messages): item for item in suite.items(seed, 3)}
        self.suite = suite
        self.model = model
        self.usage: dict[str, Any] | None = {
            "prompt_tokens": 30,
            "completion_tokens": 90,
            "cost_usd": 0.0001,
            "sandbox_seconds": 0.0,
        }

    def __call__(self, request: Request) -> Reply:
        item = self.items.get(json.dumps(request["messages"]))
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
                elif isinstance(check, evaluators.Citation):
                    terms.append(f"https://{next(iter(check.pages))}")
                elif isinstance(check, evaluators.Exact):
                    terms += check.answers
                elif isinstance(check, evaluators.Number):
                    terms.append(str(check.value))
        self.answer = " ".join(dict.fromkeys(terms))
