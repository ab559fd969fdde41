"""What `make bench` prints: each figure beside the target that the project set itself, and its spread.

A benchmark is a module of this folder that takes `--runs N`, and hands its figures to `show`, which prints them and
keeps them in `_build/bench/`. Nothing fails a build here: a figure that misses its target is printed as missed.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "_build" / "bench"


@dataclass(frozen=True)
class Figure:
    """One measured figure. `target` is None for a peer that stands beside; `at_least` says which side of it is good."""

    name: str
    value: float
    unit: str
    target: float | None
    spread: tuple[float, float]
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def line(self) -> str:
        low, high = self.spread
        mark = {True: "met   ", False: "MISSED", None: "peer  "}[self.met]
        sign = "≥" if self.at_least else "≤"
        aim = "" if self.target is None else f"target {sign} {self.target:g}, "
        return f"{mark} {self.name:<60} {self.value:10.2f} {self.unit:<5} ({aim}runs {low:.2f}–{high:.2f})"


def figure(
    name: str, values: Sequence[float], unit: str, target: float | None = None, *, at_least: bool = False
) -> Figure:
    """The median of `values` as a Figure."""
    return Figure(name, statistics.median(values), unit, target, (min(values), max(values)), at_least)


def milliseconds(action: Callable[[], object]) -> float:
    """How long `action` takes, on the monotonic clock."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def show(benchmark: str, figures: Iterable[Figure]) -> None:
    """Print a line a figure, as soon as it is there, and keep them all in `_build/bench/<benchmark>.json`."""
    kept: list[dict[str, Any]] = []
    for one in figures:
        print(one.line(), flush=True)
        kept.append(asdict(one) | {"met": one.met})
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{benchmark}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
