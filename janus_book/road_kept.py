"""Runs of the road upward that are kept, so that no page asks again what an earlier one has asked.

A run is known by a mark: the folder's files, the suite's questions, and what answers for a model.
`JANUS_HOME/road.json` says which run of `janus-bench` has which mark.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from janus_bench.api import load
from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.report.report import Report
from janus_bench.suites.loader import load_suite

MOST_KEPT = 400
_IGNORED = "__pycache__"


class Kept:
    """The kept runs of one platform: a model behind it answers otherwise than its local engine."""

    def __init__(self, platform: Any) -> None:
        self._file = home() / "road.json"
        services = platform.status()["services"]
        self._model = next((one["detail"].get("model", "") for one in services if one["name"] == "inference"), "")

    def mark(self, folder: Path, suite: str, seed: int) -> str:
        """What a run is known by: SHA-256, in hexadecimal digits."""
        parts = [self._model, suite, load_suite(suite).hash, str(seed)]
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and _IGNORED not in path.parts):
            parts += [path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def load(self, mark: str) -> Report | None:
        """The newest run with this mark; None where there is none, or where its files are gone."""
        try:
            report: Report = load(self._runs()[mark])
        except (KeyError, BenchError):
            return None
        return report

    def keep(self, mark: str, report: Report) -> None:
        """Remember a run; the oldest are forgotten."""
        runs = self._runs()
        runs.pop(mark, None)
        runs[mark] = report.id
        newest = dict(list(runs.items())[-MOST_KEPT:])
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(newest, indent=1) + "\n", encoding="utf-8")

    def _runs(self) -> dict[str, str]:
        try:
            runs = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {mark: run for mark, run in runs.items() if isinstance(run, str)} if isinstance(runs, dict) else {}
