"""`make bench ARGS=baseline`: the baseline's score on the seeds of ten days, limits off.

Each seed draws the quick suite's questions anew: what was written for one day's questions would fall on the next. The
platform has a home of its own, or is the one at `--target`. `--seeds N` asks fewer days, `--suite` another suite.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import janus_bench
from tests.benchmarks.figures import Figure, figure, show
from tests.benchmarks.first_light import Home

FIRST_DAY = dt.date(2027, 1, 4)
TARGET = 60.0  # of 100, what the project asks of its baseline


def days(count: int) -> list[int]:
    """Seeds by date, a week apart: none of them is a day on which the baseline was written."""
    return [int(f"{FIRST_DAY + dt.timedelta(weeks=week):%Y%m%d}") for week in range(count)]


def told(target: str, suite: str, seed: int) -> dict[str, Any]:
    """The report of one seed's run."""
    with tempfile.TemporaryDirectory() as folder:
        run = janus_bench.run(target, suite, seed=seed, output=Path(folder) / "run", progress=False)
        return run.to_dict()


def measured(target: str, suite: str, seeds: list[int]) -> Iterator[Figure]:
    composites: list[float] = []
    parts: dict[str, list[float]] = {}
    for seed in seeds:
        report = told(target, suite, seed)
        named = {**report["scores"], **report["quality"]}
        composites.append(report["composite"])
        print(
            f"{seed}: {report['composite']:5.1f}  "
            + ", ".join(f"{k} {v:.0f}" for k, v in named.items() if v is not None)
        )
        for name, value in named.items():
            if value is not None:
                parts.setdefault(name, []).append(value)
    yield figure(f"composite of {suite}, {len(seeds)} seeds", composites, "of 100", TARGET, at_least=True)
    for name, values in parts.items():
        yield figure(name, values, "of 100")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=0, help="as for the other benchmarks: how many seeds")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--suite", default="quick")
    parser.add_argument("--target", help="a platform that runs already")
    options = parser.parse_args()
    seeds = days(options.runs or options.seeds)
    if options.target:
        show("baseline", measured(options.target, options.suite, seeds))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        try:
            home.janus("up", "--detach", "--limits", "off", "--port", "8000")
            os.environ["JANUS_HOME"] = folder
            show("baseline", measured("http://localhost:8000", options.suite, seeds))
        finally:
            home.janus("down")


if __name__ == "__main__":
    main()
