"""Settings of a request (`max_tokens`, `stop`, `response_format`, …): followed, or refused by name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from steps import ResearchError, Step, Text

_MODEL_FIELDS = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")
_TOKEN = re.compile(r"\w+|[^\w\s]")
# The values under which each field asks for nothing. One that an answer would silently ignore is refused instead.
_ASKS_NOTHING: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "functions": (),
    "function_call": ("none",),
    "web_search_options": (),
}


class UnsupportedSettingError(ResearchError):
    """A setting that is not supported; `param` is the field."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Settings:
    """`max_tokens` and `stops` bound the text of the answer; `response_format` and `model` go to the model."""

    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    response_format: dict[str, Any] | None = None
    model: dict[str, Any] = field(default_factory=dict)


def read_settings(body: dict[str, Any]) -> Settings:
    """The settings of a request. Raises UnsupportedSettingError."""
    for name, nothing in _ASKS_NOTHING.items():
        if (value := body.get(name)) is not None and value not in nothing:
            raise UnsupportedSettingError(name, f"This implementation does not support `{name}`. Leave it out.")
    form = body.get("response_format")
    if form is not None and (not isinstance(form, dict) or not isinstance(form.get("type"), str)):
        raise UnsupportedSettingError("response_format", "`response_format` must be an object with a `type`.")
    return Settings(
        max_tokens=_bound(body),
        stops=_stops(body.get("stop")),
        response_format=None if form is None or form["type"] == "text" else form,
        model={name: body[name] for name in _MODEL_FIELDS if body.get(name) is not None},
    )


def _bound(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UnsupportedSettingError(name, f"`{name}` must be a whole number from 1.")
            return value
    return None


def _stops(raw: Any) -> tuple[str, ...]:
    stops = [raw] if isinstance(raw, str) else [] if raw is None else raw
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise UnsupportedSettingError("stop", "`stop` must be a text, or a list of texts.")
    return tuple(stops)


class Bounded:
    """The steps of an answer, its text cut where the settings end it; `reason` is then the `finish_reason`.

    What comes behind the cut is read and dropped: the model's bill is its last word.
    """

    def __init__(self, steps: AsyncIterator[Step], settings: Settings) -> None:
        self._steps, self._stops = steps, settings.stops
        self._left, self._held, self._cut = settings.max_tokens, "", False
        self._longest = max((len(stop) for stop in settings.stops), default=1)
        self.reason = ""

    async def __aiter__(self) -> AsyncIterator[Step]:
        async with aclosing(self._steps) as steps:  # type: ignore[type-var]
            async for step in steps:
                if isinstance(step, Text):
                    if text := self._feed(step.text):
                        yield Text(text)
                elif not self._cut:
                    yield step
        if self._held and not self._cut and (text := self._within(self._held)):
            yield Text(text)

    def _feed(self, piece: str) -> str:
        if self._cut:
            return ""
        text, self._held = self._held + piece, ""
        positions = [position for stop in self._stops if (position := text.find(stop)) >= 0]
        if positions:
            text = self._within(text[: min(positions)])
            self._cut, self.reason = True, self.reason or "stop"
            return text
        # The end may be the beginning of a stop.
        keep = next((n for n in range(self._longest - 1, 0, -1) if self._may_stop(text[-n:])), 0)
        text, self._held = (text[:-keep], text[-keep:]) if keep else (text, "")
        return self._within(text)

    def _may_stop(self, end: str) -> bool:
        return any(stop.startswith(end) for stop in self._stops)

    def _within(self, text: str) -> str:
        """As much of `text` as the bound on tokens leaves: a word or a sign counts as one."""
        if self._left is None:
            return text
        kept = ""
        for token in _TOKEN.finditer(text):
            if self._left == 0:
                self._cut, self.reason = True, "length"
                return kept
            self._left -= 1
            kept = text[: token.end()]
        return text
