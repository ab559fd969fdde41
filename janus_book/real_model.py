"""The language model behind a page that measures one: live where the platform runs a model, else what was recorded.

>>> model = real_model("token_costs")
>>> @model.measured
... def ask(text): ...

A function that is `measured` runs as it is where a model answers. Elsewhere its calls get the results that
`recordings/<page>.json` holds, so that a page can be read, built and its figures drawn without a model. Results are
JSON: what comes from a recording and what is measured now look alike.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).with_name("recordings")


class NotRecordedError(LookupError):
    """A measurement that the page did not make when it was recorded, such as one of a reader's own."""


def real_model(page: str) -> RealModel:
    """The model that the running platform answers with, else the recording of `page`."""
    import httpx

    from janus_platform.contract import load_contract

    try:
        health = httpx.get(f"https://{load_contract().inference.host}/health").json()
    except (httpx.HTTPError, ValueError):
        health = {}  # Live mode: the real host says nothing of a model's state.
    if isinstance(health, dict) and health.get("model_state") == "ready":
        return RealModel(health["model"])
    recording = json.loads((RECORDINGS / f"{page}.json").read_text(encoding="utf-8"))
    return RealModel(recording["model"], recording)


class RealModel:
    """A model's `name`, and whether its figures are `live`; without a `recording` they are."""

    def __init__(self, name: str, recording: dict[str, Any] | None = None) -> None:
        self.name, self.live = name, recording is None
        self._recording = recording or {}
        self._results: dict[str, Any] = {}
        self._times: Counter[str] = Counter()

    def measured(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself, its results noted; or, without a model, the results that were recorded."""

        @functools.wraps(function)
        def call(*arguments: Any, **fields: Any) -> Any:
            key = self._key(function.__name__, arguments, fields)
            if self.live:
                self._results[key] = function(*arguments, **fields)
                return self._results[key]
            if key not in self._recording["results"]:
                raise NotRecordedError(
                    "No model runs here, and this was not measured when the page was recorded. "
                    f"To measure it: {_HOW_TO}"
                )
            return json.loads(json.dumps(self._recording["results"][key]))

        return call

    def keep(self, path: Path, taken: str) -> None:
        """Write what was measured to `path`; `taken` says when and on what machine."""
        results = json.loads(json.dumps(self._results), parse_float=lambda number: round(float(number), 5))
        recording = {"model": self.name, "taken": taken, "results": results}
        path.write_text(json.dumps(recording, indent=1) + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        if self.live:
            return f"{self.name} answers on this machine: what follows is measured now."
        return (
            f"No model runs here: what follows was recorded, {self.name} on {self._recording['taken']}.\n"
            f"To measure your own: {_HOW_TO}"
        )

    def _key(self, name: str, arguments: tuple[Any, ...], fields: dict[str, Any]) -> str:
        """One call among others: function, arguments, and how often it was made before."""
        asked = json.dumps([arguments, fields], sort_keys=True)
        short = asked if len(asked) <= 60 else f"{asked[:40]}… {hashlib.sha256(asked.encode()).hexdigest()[:12]}"
        self._times[f"{name} {asked}"] += 1
        return f"{name} {short} #{self._times[f'{name} {asked}']}"


_HOW_TO = "pip install -e '.[llm]', janus model pull smollm2-135m, janus up --model smollm2-135m."
