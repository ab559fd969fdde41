"""What the contract says of the bench, against the `janus-bench` that is installed beside the platform."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files

from janus_bench.suites.loader import BUNDLED
from janus_bench.suites.model import CATEGORIES
from janus_platform.conformance.report import SKIPPED, Row, compare, unseen
from janus_platform.contract import Contract

HOW = "janus_bench"


def bench(contract: Contract) -> Iterator[Row]:
    """Package, command, weights, categories and suites."""
    ours = contract.bench
    yield from _package(contract)
    scoring = tomllib.loads((files("janus_bench.scoring") / "scoring.toml").read_text("utf-8"))
    for name, weight in ours.weights.items():
        yield compare(f"bench.weights.{name}", "scoring.toml", weight, scoring["weights"].get(name))
    yield compare("bench.weights", "scoring.toml", sorted(ours.weights), sorted(scoring["weights"]))
    categories = scoring["quality"]["categories"]
    yield compare("bench.quality_categories", "scoring.toml", list(ours.quality_categories), categories)
    for suite in ours.suites:
        found = suite.name in (*BUNDLED, *CATEGORIES)
        yield compare(f"bench.suites.{suite.name}", HOW, True, found, "The bench has no such suite or category.")


def _package(contract: Contract) -> Iterator[Row]:
    ours = contract.bench
    try:
        commands = [point.name for point in distribution(ours.package).entry_points]
    except PackageNotFoundError:
        yield unseen("bench.package", "installed packages", SKIPPED, f"{ours.package} is not installed as a package.")
        return
    command = ours.command.partition(" ")[0]
    yield compare("bench.package", "installed packages", ours.package, ours.package)
    yield compare("bench.command", "installed packages", True, command in commands, f"{command} is no command of it.")
